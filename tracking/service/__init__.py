"""The live service: REST, Server-Sent Events and WebSocket are three encodings of one feed."""
