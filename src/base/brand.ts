declare const brand: unique symbol;

/** A nominal type: a `MessageId` is not a `ControlId`, though both are strings at run time. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };
