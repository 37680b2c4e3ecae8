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
package io.longhaul.core;

/// What became of a chunk.
enum Placement {
    /// The chunk is complete and in its place: mark its CSN.
    RECEIVED,
    /// A part of the chunk was placed; others are missing. Do not mark.
    PARTIAL,
    /// The description of its piece has not arrived. Do not mark.
    ORPHAN,
    /// Its operation was refused or voided. Do not mark: the sender voids it.
    REFUSED,
    /// A placed chunk that is not what its description says. Do not mark, and believe nothing of it: whoever can
    /// forge
    /// a
    /// packet of the queue pair can write an immediate.
    MISMATCHED,
    /// The peer broke the protocol: close the connection.
    PROTOCOL_ERROR
}
