import type pg from "pg";

/** One touch of the system by a person or machine: who, which route, what came of it. */
export interface AuditRow {
  readonly actor: string;
  readonly role?: string;
  readonly action: string;
  readonly route: string;
  /** HTTP status. */
  readonly outcome: number;
  readonly objectType?: string;
  readonly objectId?: string;
  readonly requestId: string;
}

/** Appends an audit event. Rejects when it cannot be written. */
export async function writeAudit(pool: pg.Pool, row: AuditRow): Promise<void> {
  await pool.query(
    `insert into audit_event (actor, role, action, route, outcome, object_type, object_id, request_id)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [row.actor, row.role ?? null, row.action, row.route, row.outcome, row.objectType ?? null, row.objectId ?? null, row.requestId],
  );
}
