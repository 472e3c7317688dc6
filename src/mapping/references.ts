import type { Reference } from "@medplum/fhirtypes";

/** A reference to a resource of the message. */
export type Referring = Reference & { readonly reference: string };

/** A reference that other elements may be written beside. */
export const referenceTo = (type: string, id: string): Referring => ({ reference: `${type}/${id}` });
