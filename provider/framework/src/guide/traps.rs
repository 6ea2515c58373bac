//! Traps: what providers fall into, and what this framework does about each.
//!
//! Every one of them has cost users of some provider an afternoon, or an object. Each has a number, and at least one
//! test whose name begins with it (`trap_07_…`): when one fails, look here for what is at stake.
//!
//! | trap | what users see | what is done |
//! | --- | --- | --- |
//! | 1 | "was null, but now …" after an apply: the plan repeated the core's proposal | computed attributes that nobody configured are unknown in a creation's plan |
//! | 2 | "known after apply" in every plan | computed attributes are unknown only where something else changes |
//! | 3 | "Provider produced invalid plan": a configured value was spelled anew | a plan has the configured value, or the prior one if it means the same |
//! | 4 | an endless difference: the API spells a value its own way | another spelling is no drift, another value is |
//! | 5 | wrong defaults, or complaints about what is not known yet | unknown is neither null nor empty; no rule judges what it cannot know |
//! | 6 | "must be empty to indicate no blocks, not null" | blocks that are not there are empty, attributes null |
//! | 7 | "an object with N attributes is required" | objects are written by the schema, whole, and refused if they are not |
//! | 8 | digits are lost on the way | numbers are exact, in messages and in states |
//! | 9 | elements of a set vanish, or change places | elements are recognized by what was configured, in any order |
//! | 10 | an object exists, and no state knows of it | a failure, a panic too, answers with what was checkpointed |
//! | 11 | a state says what an update did not do | a failed update answers with what it has done |
//! | 12 | "still indicated an unknown value" after an apply | what is left unknown is an error that names the attribute; the state is kept |
//! | 13 | private data or the identity of an object is gone | both go back as they came, whatever else fails |
//! | 14 | states of other versions cannot be read, or lose attributes | each state is read by its version, with what it lacks filled in |
//! | 15 | "Provider produced inconsistent final plan" | plans are pure, and are made twice where that can be tested |
//! | 16 | replaced without need, or not at all | only what there is can require it; the second plan starts from nothing |
//! | 17 | a deletion fails, as the object is gone already | a deletion's plan is null, and it may come late |
//! | 18 | a write-only value in a state, a plan or a log | it reaches the operation, and nothing else |
//! | 19 | anybody on the machine can talk to the provider | the one client whose certificate came with the start is served |
//! | 20 | "Unrecognized remote plugin message" | standard output has the handshake's line, and nothing else |
//! | 21 | large states fail | messages may be as large as cores accept |
//! | 22 | Ctrl-C loses a state | an interrupt is left to the core; operations end in time, with their checkpoint |
//! | 23 | work is cut off in the middle, as the core has hung up | operations run by themselves, and are asked to stop |
//! | 24 | the first plan of a cluster with what lives in it fails | a provider is configured with what is not known yet, and again later |
//! | 25 | it works in tests, and not in a core: memory between phases | every phase of a test has a process of its own; validation is not configured |
//! | 26 | calls wait for each other, or get in each other's way | calls on one connection are independent |
//! | 27 | an import is followed by a replacement | an imported object is complete before its first plan |
//! | 28 | half a plan, or a change of `timeouts` as a change of the object | nothing is deferred unasked; timeouts are no part of the object |
//! | 29 | log lines that the core cannot read | every line has the form that it takes apart |
//! | 30 | messages without a summary, or with a secret | what is built is complete, and readable |
//! | 31 | null as a function's argument ends the call | no encoding at all is null |
//! | 32 | states cannot be read after an upgrade of the provider | a removed or retyped attribute fails the golden schema without a new version |
//! | 33 | a difference between texts that look the same | texts are compared in one normal form |
//! | 34 | the provider does not start where temporary folders have long names | it listens on TCP instead, and leaves nothing behind |
