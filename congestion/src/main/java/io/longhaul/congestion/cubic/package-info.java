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
/// CUBIC (RFC 9438) with HyStart++ (RFC 9406): the loss-based controller of most TCP senders.
///
/// For paths that are shared with TCP and lose next to nothing by corruption. Departures from the RFC: it is paced;
/// with a
/// declared rate it starts at that rate's window instead of searching.
@NullMarked
package io.longhaul.congestion.cubic;

import org.jspecify.annotations.NullMarked;
