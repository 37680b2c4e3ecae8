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

/// What may touch what: queue pairs, regions and address handles of one domain work together, and with no other.
public interface ProtectionDomain extends AutoCloseable {

    /// The device that it was made from.
    RdmaDevice device();

    /// Registers memory, so that queue pairs of this domain can read and write it.
    ///
    /// The memory must outlive the region and stay accessible to the data path's owner thread (an arena that is not
    /// confined to another thread).
    ///
    /// @param memory native memory, at least 1 byte
    /// @param access a sum of [AccessFlags]; 0 lets a queue pair only send from it
    /// @throws DeviceException when the device refuses, for example because too little memory may be locked
    MemoryRegion registerMemory(MemorySegment memory, int access);

    /// Allocates zeroed memory and registers it. The region owns the memory: it is freed by the region's close,
    /// after the
    /// device has let go of it, and in no other way.
    ///
    /// @param bytes at least 1
    /// @param access a sum of [AccessFlags]
    /// @throws DeviceException when the device refuses, for example because too little memory may be locked
    default MemoryRegion allocateMemory(long bytes, int access) {
        return OwnedRegion.allocate(this, bytes, access);
    }

    /// Makes a memory window.
    ///
    /// @throws DeviceException when the device has none
    default MemoryRegion.Window allocateMemoryWindow() {
        throw notSupported("ibv_alloc_mw", "no memory windows");
    }

    /// Makes a receive queue from which several queue pairs of this domain take.
    ///
    /// @param maxReceiveRequests most receives outstanding, 1 and more; the device may round up
    /// @throws DeviceException when the device has none, or not of this size
    default SharedReceiveQueue createSharedReceiveQueue(int maxReceiveRequests) {
        throw notSupported("ibv_create_srq", "no shared receive queues");
    }

    private DeviceException notSupported(String verb, String what) {
        return new DeviceException(
                DeviceException.Failure.of(verb, "EOPNOTSUPP")
                        .at(device().name(), 0)
                        .withRemedy("the device has " + what),
                "");
    }

    /// Makes a queue pair in state RESET.
    ///
    /// @throws DeviceException when the device does not support the type or the sizes
    QueuePair createQueuePair(QueuePairConfig config);

    /// Makes a destination for UD sends.
    ///
    /// @throws DeviceException when the address is of a family that the device does not have
    AddressHandle createAddressHandle(AddressVector vector);

    @Override
    void close();
}
