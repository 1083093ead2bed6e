/** Names of the methods of `TemplateObject`: `[jinjaCall](args)` and `jinjaCall(args)` declare the same method. */
export const jinjaAttribute: 'jinjaAttribute' = 'jinjaAttribute';
export const jinjaItem: 'jinjaItem' = 'jinjaItem';
export const jinjaAssign: 'jinjaAssign' = 'jinjaAssign';
export const jinjaCall: 'jinjaCall' = 'jinjaCall';
export const jinjaIterate: 'jinjaIterate' = 'jinjaIterate';
export const jinjaLength: 'jinjaLength' = 'jinjaLength';
export const jinjaTruth: 'jinjaTruth' = 'jinjaTruth';
export const jinjaContains: 'jinjaContains' = 'jinjaContains';
export const jinjaEquals: 'jinjaEquals' = 'jinjaEquals';
export const jinjaCompare: 'jinjaCompare' = 'jinjaCompare';
export const jinjaBinary: 'jinjaBinary' = 'jinjaBinary';
export const jinjaRepr: 'jinjaRepr' = 'jinjaRepr';
