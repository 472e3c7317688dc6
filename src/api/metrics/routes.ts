import type { Route } from "../route.ts";

/** `GET /metrics`: Prometheus text format; counts and names of our own configuration only. */
export const metricsRoutes = (text: () => string): readonly Route[] => [
  {
    method: "GET",
    path: "/metrics",
    roles: ["monitor", "admin"],
    action: "read",
    objectType: "engine",
    handle: () => Promise.resolve({ status: 200, raw: { type: "text/plain; version=0.0.4; charset=utf-8", bytes: Buffer.from(text()) } }),
  },
];
