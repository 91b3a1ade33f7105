import { cleanup } from "@testing-library/react";
import { afterEach } from "vitest";

afterEach(cleanup);

// jsdom has files, but they cannot be read.
Blob.prototype.arrayBuffer = async () => new ArrayBuffer(0);
