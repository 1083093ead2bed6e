/** Names of the methods of `TemplateObject`: `[jinjaCall](args)` and `jinjaCall(args)` declare the same method. */
export const jinjaAttribute = 'jinjaAttribute' as const;
export const jinjaItem = 'jinjaItem' as const;
export const jinjaAssign = 'jinjaAssign' as const;
export const jinjaCall = 'jinjaCall' as const;
export const jinjaIterate = 'jinjaIterate' as const;
export const jinjaLength = 'jinjaLength' as const;
export const jinjaTruth = 'jinjaTruth' as const;
export const jinjaContains = 'jinjaContains' as const;
export const jinjaEquals = 'jinjaEquals' as const;
export const jinjaCompare = 'jinjaCompare' as const;
export const jinjaBinary = 'jinjaBinary' as const;
export const jinjaRepr = 'jinjaRepr' as const;
