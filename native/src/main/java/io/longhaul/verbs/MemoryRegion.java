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

import java.lang.foreign.MemorySegment;

/// Registered memory. Closing it ends every access through its keys at once; the memory itself stays with its arena.
public interface MemoryRegion extends AutoCloseable {

    /// The memory.
    MemorySegment segment();

    /// The address of its first byte, as it appears in work requests and, for one-sided operations, on the wire.
    default long address() {
        return segment().address();
    }

    /// Its length in bytes.
    default long length() {
        return segment().byteSize();
    }

    /// The key for work requests of this side.
    int localKey();

    /// The key that a peer must know to reach it.
    int remoteKey();

    /// The rights that it was registered with: a sum of [AccessFlags].
    int access();

    /// The 64 bits that stand for it in a work request that binds a window: of meaning to its device only. 0 where
    /// there are
    /// no windows.
    default long handle() {
        return 0;
    }

    /// A memory window (type 2): a key of its own for a part of a region, bound by [SendRequests#bindWindow] and
    /// ended by
    /// [SendRequests#invalidate], both in the order of the send queue and far cheaper than registering.
    interface Window extends AutoCloseable {

        /// The 64 bits that stand for it in a work request.
        long handle();

        /// A key for the next binding, different from the last one. Any that a peer had before then fails.
        int nextKey();

        @Override
        void close();
    }

    /// Ends every access through its keys, and then frees the memory if the region owns it
    /// ([ProtectionDomain#allocateMemory]).
    ///
    /// @throws DeviceException when the device refuses because something still uses it (EBUSY); the region then
    /// stays open
    @Override
    void close();
}
