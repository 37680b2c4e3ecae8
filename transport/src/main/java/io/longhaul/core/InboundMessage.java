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

import java.lang.foreign.MemorySegment;

/// A received message in the connection's receive memory.
///
/// Threading: any thread may read and release it, one at a time.
public final class InboundMessage {
    InboundMessage() {}

    /// The bytes, read-only, valid until {@link #release}.
    public MemorySegment segment() {
        throw new AssertionError("in progress");
    }

    /// Length in bytes.
    public long length() {
        throw new AssertionError("in progress");
    }

    /// Gives the memory back; once per message. The agent learns it with its next duty cycle.
    public void release() {
        throw new AssertionError("in progress");
    }
}
