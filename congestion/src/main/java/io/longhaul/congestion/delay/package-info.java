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
/// Delay-based control after Swift (Kumar et al., SIGCOMM 2020), with constants for long paths.
///
/// Departures from the paper, each for a reason: the target is a share of the round trip (a data hall's 50 us would be
/// jitter here); the increase is the square root of the window instead of one packet (14,000 packets would take
/// minutes);
/// loss counts only while the delay is high (a long path also corrupts); slow start finds the rate first.
@NullMarked
package io.longhaul.congestion.delay;

import org.jspecify.annotations.NullMarked;
