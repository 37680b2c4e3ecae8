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

import io.longhaul.verbs.PortAttributes;
import io.longhaul.verbs.ibv.IbvLayouts.GidType;
import io.longhaul.verbs.ibv.IbvLayouts.IbvGidEntry;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The address table of a port, read once.
///
/// A RoCE port has an entry for every address of its network interface and every version of the protocol: index 0 is
/// usually RoCEv1 of a link-local address, which reaches nobody behind a router. So entries are chosen by address.
final class GidTable {
    private static final int GID_BYTES = 16;
    private static final Path SYSFS = Path.of("/sys/class/infiniband");

    private final List<Entry> entries;

    /// An entry.
    ///
    /// @param gid as the list of {@link PortAttributes} has it
    /// @param interfaceIndex the network interface behind it, 0 when unknown
    record Entry(PortAttributes.Gid gid, int interfaceIndex) {
        private int rank() {
            InetAddress address = gid.address();
            return (gid.routable() ? 0 : 4)
                    + (address.isLinkLocalAddress() ? 2 : 0)
                    + (address instanceof Inet6Address ? 1 : 0);
        }
    }

    private GidTable(List<Entry> entries) {
        this.entries = entries;
    }

    /// Reads the table.
    ///
    /// @param length how many places it has
    static GidTable read(IbvDevice.Native handle, int port, int length) {
        List<Entry> found = new ArrayList<>();
        try (Scratch scratch = new Scratch()) {
            MemorySegment entry = scratch.allocate(IbvGidEntry.BYTES);
            for (int index = 0; index < length; index++) {
                entry.fill((byte) 0);
                Entry each = readEntry(handle, scratch, entry, port, index);
                if (each != null) {
                    found.add(each);
                }
            }
        }
        found.sort(Comparator.comparingInt(Entry::rank));
        return new GidTable(found);
    }

    /// Whether the port still has an entry as it was read.
    static boolean isCurrent(IbvDevice.Native handle, int port, Entry known) {
        try (Scratch scratch = new Scratch()) {
            MemorySegment entry = scratch.allocate(IbvGidEntry.BYTES);
            return known.equals(
                    readEntry(handle, scratch, entry, port, known.gid().index()));
        }
    }

    private static @Nullable Entry readEntry(
            IbvDevice.Native handle, Scratch scratch, MemorySegment entry, int port, int index) {
        boolean extended = handle.library().has(VerbsSymbol._IBV_QUERY_GID_EX);
        int errno = extended
                ? handle.library().queryGidEx(scratch, handle.context(), port, index, entry.address())
                : handle.library().queryGid(scratch, handle.context(), port, index, entry.address());
        if (errno != 0) {
            // An empty place; ENODATA with the extended function, a GID of zeros or an error with the old one.
            return null;
        }
        InetAddress address = address(entry);
        if (address == null) {
            return null;
        }
        if (extended) {
            boolean routable = entry.get(ValueLayout.JAVA_INT, IbvGidEntry.GID_TYPE) == GidType.ROCE_V2;
            int network = entry.get(ValueLayout.JAVA_INT, IbvGidEntry.NDEV_IFINDEX);
            return new Entry(new PortAttributes.Gid(index, address, routable), network);
        }
        Path attributes = SYSFS.resolve(handle.name(), "ports", Integer.toString(port), "gid_attrs");
        String type = read(attributes.resolve("types", Integer.toString(index)));
        String network = read(attributes.resolve("ndevs", Integer.toString(index)));
        return new Entry(new PortAttributes.Gid(index, address, type.equals("RoCE v2")), interfaceIndex(network));
    }

    private static @Nullable InetAddress address(MemorySegment entry) {
        byte[] bytes = entry.asSlice(IbvGidEntry.GID, GID_BYTES).toArray(ValueLayout.JAVA_BYTE);
        boolean zero = true;
        for (byte each : bytes) {
            zero &= each == 0;
        }
        try {
            // An IPv4-mapped address becomes an IPv4 address.
            return zero ? null : InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new AssertionError("16 bytes are an address", e);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file).strip();
        } catch (IOException e) {
            return "";
        }
    }

    private static int interfaceIndex(String name) {
        try {
            NetworkInterface network = name.isEmpty() ? null : NetworkInterface.getByName(name);
            return network == null ? 0 : network.getIndex();
        } catch (IOException e) {
            return 0;
        }
    }

    /// All entries, the preferred one first: RoCEv2 before others, global before link-local, IPv4 before IPv6.
    List<Entry> entries() {
        return entries;
    }

    /// The entry of exactly an address that crosses routers.
    Optional<Entry> routable(InetAddress address) {
        return entries.stream()
                .filter(each -> each.gid().routable() && each.gid().address().equals(address))
                .findFirst();
    }

    /// The best entry from which an address of another host can be reached: of its family, and link-local for
    /// link-local.
    Optional<Entry> routableTo(InetAddress remote) {
        return entries.stream()
                .filter(each -> each.gid().routable())
                .filter(each -> each.gid().address().getClass() == remote.getClass())
                .filter(each -> !(remote instanceof Inet6Address)
                        || each.gid().address().isLinkLocalAddress() == remote.isLinkLocalAddress())
                .findFirst();
    }

    @Override
    public String toString() {
        if (entries.isEmpty()) {
            return "no entry";
        }
        StringBuilder text = new StringBuilder();
        for (Entry each : entries) {
            text.append(text.isEmpty() ? "" : ", ")
                    .append(each.gid().index())
                    .append(": ")
                    .append(each.gid().address().getHostAddress())
                    .append(each.gid().routable() ? "" : " (not RoCEv2)");
        }
        return text.toString();
    }
}
