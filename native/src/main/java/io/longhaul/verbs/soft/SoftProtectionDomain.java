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
package io.longhaul.verbs.soft;

import io.longhaul.verbs.AccessFlags;
import io.longhaul.verbs.AddressHandle;
import io.longhaul.verbs.AddressVector;
import io.longhaul.verbs.DeviceException;
import io.longhaul.verbs.MemoryRegion;
import io.longhaul.verbs.ProtectionDomain;
import io.longhaul.verbs.QueuePair;
import io.longhaul.verbs.QueuePairConfig;
import io.longhaul.verbs.RdmaDevice;
import io.longhaul.verbs.lifecycle.OpenChildren;
import java.lang.foreign.MemorySegment;

/// A protection domain of the software device.
final class SoftProtectionDomain implements ProtectionDomain {
    private static final int KNOWN_ACCESS =
            AccessFlags.LOCAL_WRITE | AccessFlags.REMOTE_WRITE | AccessFlags.REMOTE_READ | AccessFlags.REMOTE_ATOMIC;

    private final SoftDevice device;
    private final OpenChildren children = new OpenChildren();
    private boolean closed;

    SoftProtectionDomain(SoftDevice device) {
        this.device = device;
    }

    @Override
    public RdmaDevice device() {
        return device;
    }

    @Override
    public MemoryRegion registerMemory(MemorySegment memory, int access) {
        requireOpen();
        if (!memory.isNative() || memory.byteSize() == 0) {
            throw new IllegalArgumentException("memory must be native and at least 1 byte long, is " + memory.byteSize()
                    + " B, " + (memory.isNative() ? "native" : "on the heap"));
        }
        if ((access & ~KNOWN_ACCESS) != 0) {
            throw new IllegalArgumentException("unknown access flags 0x" + Integer.toHexString(access));
        }
        boolean needsLocalWrite = (access & (AccessFlags.REMOTE_WRITE | AccessFlags.REMOTE_ATOMIC)) != 0;
        if (needsLocalWrite && (access & AccessFlags.LOCAL_WRITE) == 0) {
            throw new IllegalArgumentException("REMOTE_WRITE and REMOTE_ATOMIC need LOCAL_WRITE as well");
        }
        if ((access & AccessFlags.LOCAL_WRITE) != 0 && memory.isReadOnly()) {
            throw new IllegalArgumentException("LOCAL_WRITE on memory that is read-only");
        }
        SoftMemoryRegion region =
                new SoftMemoryRegion(this, memory, access, device.newLocalKey(), device.newRemoteKey());
        device.regionsByLocalKey().put(region.localKey(), region);
        device.regionsByRemoteKey().put(region.remoteKey(), region);
        children.add(region);
        return region;
    }

    @Override
    public QueuePair createQueuePair(QueuePairConfig config) {
        requireOpen();
        if (!device.capabilities().supports(config.type())) {
            throw new DeviceException(
                    "createQueuePair",
                    "EOPNOTSUPP",
                    "createQueuePair(" + config.type() + ") failed: not supported by the software device, which has "
                            + device.capabilities().queuePairTypes());
        }
        if (config.maxInlineBytes() > 0) {
            throw new DeviceException(
                    "createQueuePair",
                    "EOPNOTSUPP",
                    "createQueuePair(" + config.maxInlineBytes()
                            + " B inline) failed: the software device has no inline sends; ask for 0 B");
        }
        if (config.sharedReceiveQueue() != null) {
            throw new IllegalArgumentException("the shared receive queue is of another device");
        }
        SoftQueuePair queuePair = new SoftQueuePair(device, this, config);
        children.add(queuePair);
        return queuePair;
    }

    @Override
    public AddressHandle createAddressHandle(AddressVector vector) {
        requireOpen();
        device.requireSameFamily(vector);
        SoftAddressHandle handle = new SoftAddressHandle(this, vector, device.newAddressHandleNumber());
        device.addressHandles().put((int) handle.handle(), handle);
        children.add(handle);
        return handle;
    }

    void forget(SoftMemoryRegion region) {
        device.regionsByLocalKey().remove(region.localKey());
        device.regionsByRemoteKey().remove(region.remoteKey());
        children.remove(region);
    }

    void forget(SoftAddressHandle handle) {
        device.addressHandles().remove((int) handle.handle());
        children.remove(handle);
    }

    void forget(SoftQueuePair queuePair) {
        children.remove(queuePair);
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the protection domain is closed");
        }
    }

    @Override
    public void close() {
        if (!closed) {
            children.requireNone(this);
            closed = true;
            device.forget(this);
        }
    }

    @Override
    public String toString() {
        return "protection domain of " + device.name();
    }
}
