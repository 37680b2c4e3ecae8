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
/// A background controller that yields to everything (after draft-irtf-iccrg-ledbat-plus-plus).
///
/// Departures from the draft: the target is a fortieth of the round trip instead of 60 ms, because queues of long fast
/// links are short, and who waits for 60 ms never yields; loss counts while the delay is above half the target, or
/// above
/// 1 % of a round.
@NullMarked
package io.longhaul.congestion.scavenger;

import org.jspecify.annotations.NullMarked;
