import type { Provenance } from "@medplum/fhirtypes";
import type { ChartSnapshot } from "#src/charts/snapshot.ts";
import type { ShownChart } from "#src/charts/confidential.ts";
import type { Packet } from "#src/claims/trail/packet.pg.ts";
import type { Signed } from "#src/claims/trail/signed-file.ts";
import type { Trail } from "#src/claims/trail/trail.pg.ts";
import type { ChartView } from "../charts/view.ts";
import type { Answer, Call, Role, Route } from "../route.ts";
import { refuse, row, UUID } from "../worklist/answers.ts";

export interface TrailRouteNeeds {
  readonly trail: (claimId: string) => Promise<Trail | undefined>;
  readonly provenance: (trail: Trail) => Provenance;
  readonly packet: (
    claimId: string,
    madeBy: string,
    show: (chart: ChartSnapshot) => ShownChart,
  ) => Promise<Signed<Packet> | "withheld" | undefined>;
}

const READERS: readonly Role[] = ["admin", "analyst", "auditor", "billing", "supervisor"];

/** From the frame to the payment, and the packet for an auditor or an appeal. */
export function trailRoutes({ trail, provenance, packet }: TrailRouteNeeds, view: ChartView): readonly Route[] {
  const find = async ({ params }: Call): Promise<Trail | undefined> => {
    const id = params["id"] ?? "";
    return UUID.test(id) ? trail(id) : undefined;
  };
  /** The answer about one claim's trail, whatever is made of it. */
  const about =
    (made: (found: Trail) => unknown) =>
    async (call: Call): Promise<Answer> => {
      const found = await find(call);
      return found === undefined
        ? refuse({ code: "NOT_FOUND" })
        : { status: 200, body: made(found), object: { type: "Claim", id: found.claim.id } };
    };
  return [
    row(
      "GET",
      "/api/claims/:id/trail",
      "read",
      READERS,
      about((found) => found),
      "Claim",
    ),
    row("GET", "/api/claims/:id/provenance", "read", READERS, about(provenance), "Claim"),
    row(
      "GET",
      "/api/claims/:id/packet",
      "read",
      ["admin", "auditor"],
      async ({ params, caller }) => {
        const id = params["id"] ?? "";
        const made = UUID.test(id) ? await packet(id, caller?.name ?? "", (chart) => view.show(caller, chart)) : undefined;
        if (made === undefined) return refuse({ code: "NOT_FOUND" });
        if (made === "withheld") return refuse({ code: "NOT_ALLOWED", detail: "the account, or a document of it, is confidential" });
        return { status: 200, body: made, object: { type: "Claim", id } };
      },
      "Claim",
    ),
  ];
}
