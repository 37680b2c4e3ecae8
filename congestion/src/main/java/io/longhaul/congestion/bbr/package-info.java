/*
 * Copyright the Longhaul authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in
 * compliance with the License. You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software distributed under the License is
 * distributed on an "AS IS" BASIS, WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and limitations under the License.
 */
/// BBR: a controller that models the path (bottleneck bandwidth, minimum round trip, volume in flight) after
/// draft-ietf-ccwg-bbr-06, re-tuned for long provisioned paths.
///
/// Owns: {@link io.longhaul.congestion.bbr.BbrController} and its phases, one file per section of the draft. May import
/// `io.longhaul.congestion` and `java.base`. Threading: single writer, as its interface says; no time source and no
/// randomness beyond the seed given to the factory.
///
/// Where this departs from the draft, the line says `type=deviation` and why. In short:
///
/// | | draft | here | why |
/// |---|---|---|---|
/// | pacing margin | 1 % | 0 | a margin of 1 % is half of the budget; a queue-delay term in the gain holds the queue
/// small instead |
/// | ProbeRTT | half a BDP for 200 ms every 5 s | 0.9 x pace for a round when the minimum is 30 s old and a queue
/// stands | costs 2 % and more |
/// | probing up | 1.25 x | pulses of 1.05, 1.1, 1.15, 1.25, 1.5, 2 x, each a round long and each only after the one
/// before
/// found room | fits buffers of 0.25 BDP |
/// | loss | over 2 % is congestion | only with delay or CE marks, or far above what the path loses when it is not full
/// | long paths corrupt packets |
/// | messages shorter than a round trip | their samples spread them over a round trip | the rate at which such a burst
/// was sent and arrived counts, and a rate that no probe has tested is doubled for a round trip behind a pause | 1 MiB
/// over 20 ms would never show more than 350 Mb/s |
@NullMarked
package io.longhaul.congestion.bbr;

import org.jspecify.annotations.NullMarked;
