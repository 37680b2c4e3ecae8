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
package io.longhaul.verbs;

/// Who may do what with a memory region or queue pair: a set of bits, with the values of `enum ibv_access_flags`.
public final class AccessFlags {
    /// The device may write the memory on behalf of this side: needed for every receive buffer.
    public static final int LOCAL_WRITE = 1;

    /// The peer may write. Needs [#LOCAL_WRITE] as well.
    public static final int REMOTE_WRITE = 2;

    /// The peer may read.
    public static final int REMOTE_READ = 4;

    /// The peer may do atomic operations. Needs [#LOCAL_WRITE] as well.
    public static final int REMOTE_ATOMIC = 8;

    /// Memory windows may be bound to the region. Needs [#LOCAL_WRITE] when a window is to be written.
    public static final int MEMORY_WINDOW_BIND = 16;

    private AccessFlags() {}
}
