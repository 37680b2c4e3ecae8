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
package io.longhaul;

/// When a connection adds parity to what it sends, so that losses are repaired at the far end without a round trip.
public enum FecPolicy {
    /// Never. Nothing is sent twice but what was lost.
    OFF,

    /// As size, path, loss and its bursts make it worth while, for each message, write and read.
    AUTO,

    /// Every message, write and read, all of it.
    FULL,

    /// The end of every message, write and read: one and a quarter times what the path holds at a time, because
    /// what was lost
    /// before can be sent again without delaying the end.
    TAIL
}
