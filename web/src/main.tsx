import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { takeToken } from "./api/session";
import { App } from "./page/App";
import "./style/index.css";

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App token={takeToken(location, history)} />
    </StrictMode>,
  );
}
