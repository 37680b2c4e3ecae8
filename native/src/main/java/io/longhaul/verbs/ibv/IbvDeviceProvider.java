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
import io.longhaul.linux.Libc;
import io.longhaul.verbs.DeviceException;
import io.longhaul.verbs.DeviceProvider;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Opens the devices of the operating system: NICs and Soft-RoCE.
///
/// The library is loaded when something is first asked, and stays loaded. What is missing is told by {@link
/// #availability()}.
public final class IbvDeviceProvider implements DeviceProvider {
    private final IbvDeviceConfig config;
    private final LibraryFinder finder;
    private @Nullable Loaded loaded;

    /// Finds the library. For tests.
    @FunctionalInterface
    interface LibraryFinder {
        /// Where the functions of a library are.
        ///
        /// @throws IllegalArgumentException when there is no such library
        SymbolLookup find(String libraryName);
    }

    private record Loaded(@Nullable VerbsLibrary library, IbvLayouts.@Nullable Tail tail, String reason) {}

    /// Makes a provider.
    public IbvDeviceProvider(IbvDeviceConfig config) {
        this(config, IbvDeviceProvider::load);
    }

    /// Makes a provider with a library from elsewhere.
    IbvDeviceProvider(IbvDeviceConfig config, LibraryFinder finder) {
        this.config = config;
        this.finder = finder;
    }

    @Override
    public String kind() {
        return "ibv";
    }

    @Override
    public Availability availability() {
        Loaded present = loaded();
        VerbsLibrary library = present.library();
        if (library == null) {
            return Availability.unavailable(present.reason());
        }
        try (Scratch scratch = new Scratch();
                DeviceList list = new DeviceList(library, scratch)) {
            if (list.names().isEmpty()) {
                return Availability.unavailable(list.whyEmpty());
            }
        }
        return Availability.AVAILABLE;
    }

    @Override
    public List<String> deviceNames() {
        VerbsLibrary library = loaded().library();
        if (library == null) {
            return List.of();
        }
        try (Scratch scratch = new Scratch();
                DeviceList list = new DeviceList(library, scratch)) {
            return List.copyOf(list.names());
        }
    }

    /// The device that has a local address in its GID table as a RoCEv2 entry; empty when none has.
    public Optional<String> deviceNameOf(InetAddress localAddress) {
        return deviceNames().stream()
                .filter(name -> hasAddress(name, localAddress))
                .findFirst();
    }

    private boolean hasAddress(String name, InetAddress localAddress) {
        try (IbvDevice device = open(name)) {
            return device.portAttributes().gids().stream()
                    .anyMatch(gid -> gid.routable() && gid.address().equals(localAddress));
        } catch (DeviceException e) {
            // A device that cannot be opened has no address either; opening it by name says why.
            return false;
        }
    }

    @Override
    public IbvDevice open(String deviceName) {
        Loaded present = loaded();
        VerbsLibrary library = present.library();
        IbvLayouts.Tail tail = present.tail();
        if (library == null || tail == null) {
            throw new DeviceException(
                    DeviceException.Failure.of("ibv_open_device", "")
                            .at(deviceName, 0)
                            .withRemedy(present.reason()),
                    "");
        }
        try (Scratch scratch = new Scratch();
                DeviceList list = new DeviceList(library, scratch)) {
            int index = list.names().indexOf(deviceName);
            if (index < 0) {
                throw new DeviceException(
                        DeviceException.Failure.of("ibv_open_device", Errno.name(Errno.ENODEV))
                                .at(deviceName, 0)
                                .withRemedy(
                                        list.names().isEmpty()
                                                ? list.whyEmpty()
                                                : "there are only " + String.join(", ", list.names())),
                        "");
            }
            return open(library, tail, scratch, list.device(index), deviceName);
        }
    }

    private IbvDevice open(VerbsLibrary library, IbvLayouts.Tail tail, Scratch scratch, long device, String name) {
        long context = library.openDevice(scratch, device);
        if (context == 0) {
            throw Remedies.failure("ibv_open_device", scratch.errno(), name, 0, "");
        }
        Optional<String> fault = AbiCheck.fault(context, device, tail);
        if (fault.isPresent()) {
            // Not closed: what is not understood is not called.
            throw new DeviceException(
                    DeviceException.Failure.of("ibv_open_device", "")
                            .at(name, 0)
                            .withRemedy("the structs of this " + config.libraryName()
                                    + " are not those of rdma-core 22 to" + " 65: " + fault.get()),
                    "");
        }
        IbvDevice opened = new IbvDevice(config, new IbvDevice.Native(library, context, tail, name));
        try {
            opened.requireUsable();
            return opened;
        } catch (DeviceException e) {
            opened.close();
            throw e;
        }
    }

    private synchronized Loaded loaded() {
        Loaded present = loaded;
        if (present == null) {
            present = tryLoad();
            loaded = present;
        }
        return present;
    }

    private Loaded tryLoad() {
        Optional<String> reason = Libc.unavailable();
        if (reason.isPresent()) {
            return new Loaded(null, null, reason.get());
        }
        Optional<IbvLayouts.Tail> tail = IbvLayouts.Tail.ofThisProcessor();
        if (tail.isEmpty()) {
            return new Loaded(
                    null,
                    null,
                    "the structs of libibverbs are known for x86-64 and aarch64 only; this is "
                            + System.getProperty("os.arch"));
        }
        try {
            SymbolLookup lookup = finder.find(config.libraryName());
            return new Loaded(VerbsLibrary.bind(config.libraryName(), lookup), tail.get(), "");
        } catch (IllegalArgumentException e) {
            return new Loaded(
                    null,
                    null,
                    config.libraryName() + " cannot be loaded: install libibverbs1 and ibverbs-providers (rdma-core)");
        } catch (IllegalCallerException e) {
            return new Loaded(
                    null, null, "native access is denied: start Java with --enable-native-access=io.longhaul.verbs");
        } catch (VerbsUnavailableException e) {
            return new Loaded(null, null, e.reason());
        }
    }

    @SuppressWarnings("restricted")
    private static SymbolLookup load(String libraryName) {
        // Never unloaded: drivers that the library has loaded could not follow.
        return libraryName.indexOf('/') >= 0
                ? SymbolLookup.libraryLookup(java.nio.file.Path.of(libraryName), Arena.global())
                : SymbolLookup.libraryLookup(libraryName, Arena.global());
    }

    /// The list that `ibv_get_device_list` makes.
    private static final class DeviceList implements AutoCloseable {
        private final VerbsLibrary library;
        private final Scratch scratch;
        private final long list;
        private final int errno;
        private final List<String> names = new ArrayList<>();

        DeviceList(VerbsLibrary library, Scratch scratch) {
            this.library = library;
            this.scratch = scratch;
            MemorySegment count = scratch.allocate(Integer.BYTES);
            list = library.getDeviceList(scratch, count.address());
            errno = list == 0 ? scratch.errno() : 0;
            int devices = list == 0 ? 0 : count.get(ValueLayout.JAVA_INT, 0);
            for (int i = 0; i < devices; i++) {
                names.add(RawMemory.getString(library.getDeviceName(scratch, device(i))));
            }
        }

        List<String> names() {
            return names;
        }

        long device(int index) {
            return RawMemory.getLong(list + (long) index * Long.BYTES);
        }

        String whyEmpty() {
            if (errno == 0) {
                return "there is no RDMA device; without hardware: modprobe rdma_rxe and rdma link add rxe0 type rxe"
                        + " netdev INTERFACE";
            }
            if (errno == Errno.ENOSYS) {
                return "this kernel has no RDMA (ibv_get_device_list: ENOSYS); modprobe ib_uverbs and the driver of the"
                        + " device, or rdma_rxe for Soft-RoCE";
            }
            return "ibv_get_device_list failed: " + Errno.name(errno);
        }

        @Override
        public void close() {
            if (list != 0) {
                library.freeDeviceList(scratch, list);
            }
        }
    }
}
