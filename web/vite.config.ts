import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { mockService } from "./dev/mock.ts";

export default defineConfig({
  // The mock answers on `npm run dev` and `npm run preview`; it is in no build.
  plugins: [react(), mockService()],
  build: {
    outDir: "../tracking/service/static",
    emptyOutDir: true,
    // A strict content security policy allows no data: addresses.
    assetsInlineLimit: 0,
    target: "es2022",
  },
  test: {
    environment: "jsdom",
    include: ["tests/**/*.test.{ts,tsx}"],
    setupFiles: ["tests/setup.ts"],
    // None waits for a clock; a machine may be busy all the same.
    testTimeout: 60_000,
  },
});
