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
package io.longhaul.verbs.ibv;

import io.longhaul.linux.Errno;
import io.longhaul.verbs.CompletionChannel;
import io.longhaul.verbs.CompletionQueue;
import io.longhaul.verbs.DeviceCapabilities;
import io.longhaul.verbs.DeviceException;
import io.longhaul.verbs.PortAttributes;
import io.longhaul.verbs.ProtectionDomain;
import io.longhaul.verbs.QueuePair;
import io.longhaul.verbs.RdmaDevice;
import io.longhaul.verbs.ibv.IbvLayouts.IbvDeviceAttr;
import io.longhaul.verbs.lifecycle.OpenChildren;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A port of a NIC or of Soft-RoCE. The device works by itself: {@link #progress} has nothing to do.
public final class IbvDevice implements RdmaDevice {
    /// What NICs and rxe spread their queue pairs over: 0xC000 to 0xFFFF, after the flow label or the number.
    private static final int SOURCE_PORTS = 1 << 14;

    private final IbvDeviceConfig config;
    private final Native handle;
    private final ContextOps ops;
    private final DevicePort port;
    private final OpenChildren children = new OpenChildren();
    private final AddressSet addressHandles = new AddressSet();
    private final AddressSet memoryRegions = new AddressSet();
    private final AddressSet memoryWindows = new AddressSet();
    private final AsyncEvents events = new AsyncEvents(this);
    private @Nullable DeviceCapabilities capabilities;
    private volatile boolean closed; // read by the thread that waits for events

    /// What the library gave.
    ///
    /// @param library its functions
    /// @param context the `struct ibv_context*`
    /// @param tail the layout of its structs
    /// @param name the name of the device
    record Native(VerbsLibrary library, long context, IbvLayouts.Tail tail, String name) {}

    /// Makes a device of a context that was checked; the context becomes its own.
    IbvDevice(IbvDeviceConfig config, Native handle) {
        this.config = config;
        this.handle = handle;
        ops = new ContextOps(handle.context(), handle.tail());
        port = new DevicePort(config, handle, ops);
    }

    /// Throws when the device is of a kind that has no RoCE, or lacks the local address that was asked for.
    void requireUsable() {
        port.requireUsable();
    }

    @Override
    public String name() {
        return handle.name();
    }

    @Override
    public DeviceCapabilities capabilities() {
        DeviceCapabilities known = capabilities;
        if (known == null) {
            requireOpen();
            known = queryCapabilities();
            capabilities = known;
        }
        return known;
    }

    private DeviceCapabilities queryCapabilities() {
        try (Scratch scratch = new Scratch()) {
            MemorySegment attributes = scratch.allocate(2L * IbvDeviceAttr.BYTES);
            int errno = handle.library().queryDevice(scratch, handle.context(), attributes.address());
            if (errno != 0) {
                throw failure("ibv_query_device", errno, "");
            }
            long at = attributes.address();
            long maxRegion = RawMemory.getLong(at + IbvDeviceAttr.MAX_MR_SIZE);
            return new DeviceCapabilities(
                    Set.of(QueuePair.Type.values()),
                    RawMemory.getInt(at + IbvDeviceAttr.MAX_QP),
                    RawMemory.getInt(at + IbvDeviceAttr.MAX_QP_WR),
                    RawMemory.getInt(at + IbvDeviceAttr.MAX_SGE),
                    RawMemory.getInt(at + IbvDeviceAttr.MAX_CQE),
                    maxRegion < 0 ? Long.MAX_VALUE : maxRegion,
                    InlineProbe.maxInlineBytes(handle, scratch),
                    SOURCE_PORTS,
                    false,
                    !port.isSoftware());
        }
    }

    @Override
    public PortAttributes portAttributes() {
        requireOpen();
        return port.attributes();
    }

    @Override
    public ProtectionDomain allocateProtectionDomain() {
        requireOpen();
        try (Scratch scratch = new Scratch()) {
            long domain = handle.library().allocPd(scratch, handle.context());
            if (domain == 0) {
                throw failure("ibv_alloc_pd", scratch.errno(), "");
            }
            IbvProtectionDomain made = new IbvProtectionDomain(this, domain);
            children.add(made);
            return made;
        }
    }

    @Override
    public CompletionChannel createCompletionChannel() {
        requireOpen();
        IbvCompletionChannel channel = IbvCompletionChannel.create(this);
        children.add(channel);
        return channel;
    }

    @Override
    public CompletionQueue createCompletionQueue(int entries, @Nullable CompletionChannel channel) {
        requireOpen();
        int most = capabilities().maxCompletionQueueEntries();
        if (entries < 1) {
            throw new IllegalArgumentException("entries must be at least 1, is " + entries);
        }
        if (entries > most) {
            throw new DeviceException(
                    DeviceException.Failure.of("ibv_create_cq", Errno.name(Errno.EINVAL))
                            .at(name(), config.port())
                            .withRemedy("the device has at most " + most + " entries in a completion queue"),
                    entries + " entries");
        }
        IbvCompletionChannel own = null;
        if (channel != null) {
            if (!(channel instanceof IbvCompletionChannel ibv) || ibv.device() != this) {
                throw new IllegalArgumentException("the completion channel is of another device");
            }
            own = ibv;
        }
        IbvCompletionQueue queue = IbvCompletionQueue.create(this, entries, own);
        children.add(queue);
        return queue;
    }

    @Override
    public @Nullable Event awaitEvent(long timeoutNanos) {
        requireOpen();
        return events.await(timeoutNanos);
    }

    /// Nothing: the device works by itself.
    @Override
    public int progress(long nowNanos) {
        return 0;
    }

    @Override
    public long nextProgressNanos() {
        return Long.MAX_VALUE;
    }

    Native handle() {
        return handle;
    }

    VerbsLibrary library() {
        return handle.library();
    }

    ContextOps ops() {
        return ops;
    }

    IbvDeviceConfig config() {
        return config;
    }

    DevicePort port() {
        return port;
    }

    /// The open address handles.
    AddressSet addressHandles() {
        return addressHandles;
    }

    /// The open memory regions.
    AddressSet memoryRegions() {
        return memoryRegions;
    }

    /// The open memory windows.
    AddressSet memoryWindows() {
        return memoryWindows;
    }

    /// The entry of the GID table from which an address is to be reached.
    ///
    /// @throws DeviceException when there is none
    int gidIndexFor(String verb, InetAddress remote) {
        return port.gidIndexFor(verb, remote);
    }

    IbvCompletionQueue own(CompletionQueue queue) {
        if (queue instanceof IbvCompletionQueue ibv && ibv.device() == this) {
            return ibv;
        }
        throw new IllegalArgumentException("the completion queue is of another device");
    }

    /// An exception for a call that failed.
    ///
    /// @param arguments what was tried: the values with units
    DeviceException failure(String verb, int errno, String arguments) {
        return Remedies.failure(verb, errno, name(), config.port(), arguments);
    }

    void forget(Object child) {
        children.remove(child);
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the device " + name() + " is closed");
        }
    }

    @Override
    public void close() {
        if (!closed) {
            children.requireNone(this);
            events.close(this::closeContext);
            closed = true;
        }
    }

    private void closeContext() {
        try (Scratch scratch = new Scratch()) {
            int errno = handle.library().closeDevice(scratch, handle.context());
            if (errno != 0) {
                throw failure("ibv_close_device", errno, "");
            }
        }
    }

    @Override
    public String toString() {
        return "device " + name();
    }
}
