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
import io.longhaul.verbs.AddressVector;
import io.longhaul.verbs.DeviceException;
import io.longhaul.verbs.PortAttributes;
import io.longhaul.verbs.ibv.IbvLayouts.IbvAhAttr;
import io.longhaul.verbs.ibv.IbvLayouts.IbvPortAttr;
import io.longhaul.verbs.ibv.IbvLayouts.LinkLayer;
import io.longhaul.verbs.ibv.IbvLayouts.PortState;
import io.longhaul.verbs.ibv.IbvLayouts.VerbsContext;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The port of a device: state, MTU, addresses, and where packets go from it.
final class DevicePort {
    private static final int SMALLEST_MTU_BYTES = 256;
    private static final int MTU_256 = 1;

    /// IPv6, UDP, BTH, DETH, immediate, ICRC.
    private static final int HEADER_BYTES = 40 + 8 + 12 + 8 + 4 + 4;

    private static final int GID_BYTES = 16;
    private static final int MAPPED_OFFSET = 12;
    private static final byte ONES = (byte) 0xff;

    private final IbvDeviceConfig config;
    private final IbvDevice.Native handle;
    private final ContextOps ops;

    /// As it was last read: a thousand system calls on Soft-RoCE.
    private volatile @Nullable GidTable lastRead;

    /// What `ibv_query_port` said.
    ///
    /// @param state a {@link PortState}
    /// @param activeMtu a number of `enum ibv_mtu`
    /// @param gids places in the GID table
    /// @param linkLayer a {@link LinkLayer}
    private record Answer(int state, int activeMtu, int gids, int linkLayer) {}

    DevicePort(IbvDeviceConfig config, IbvDevice.Native handle, ContextOps ops) {
        this.config = config;
        this.handle = handle;
        this.ops = ops;
    }

    /// Throws when the port has no RoCE, or lacks the local address that was asked for.
    void requireUsable() {
        Answer answer = query();
        if (answer.linkLayer() != LinkLayer.ETHERNET) {
            throw new DeviceException(
                    failed("ibv_query_port", Errno.EPROTONOSUPPORT)
                            .withRemedy("the port is InfiniBand; only RoCEv2 on Ethernet carries IP addresses:"
                                    + " choose another device or port"),
                    "");
        }
        InetAddress local = config.localAddress();
        if (local != null) {
            GidTable table = gids(answer);
            if (table.routable(local).isEmpty()) {
                throw noEntry("ibv_query_gid", table, local.getHostAddress());
            }
        }
    }

    /// State, MTU and addresses.
    PortAttributes attributes() {
        Answer answer = query();
        GidTable table = gids(answer);
        InetAddress local = config.localAddress();
        Optional<GidTable.Entry> chosen =
                local == null ? table.entries().stream().findFirst() : table.routable(local);
        int payload = mtuBytes(answer.activeMtu());
        return new PortAttributes(
                state(answer.state()),
                Math.max(chosen.map(DevicePort::interfaceMtuBytes).orElse(0), payload + HEADER_BYTES),
                payload,
                java.util.stream.Stream.concat(
                                chosen.stream(),
                                table.entries().stream().filter(each -> chosen.isEmpty() || !each.equals(chosen.get())))
                        .map(GidTable.Entry::gid)
                        .toList());
    }

    /// Throws when packets cannot flow.
    ///
    /// @param verb what was tried
    void requireActive(String verb) {
        PortAttributes.State state = state(query().state());
        if (state != PortAttributes.State.ACTIVE) {
            throw new DeviceException(
                    failed(verb, Errno.ENETUNREACH)
                            .withRemedy(
                                    "the port is " + state
                                            + ": bring its network interface up (ip link set INTERFACE up) and look at the cable"),
                    "");
        }
    }

    /// Most payload of a packet that the port carries now.
    int activeMtuBytes() {
        return mtuBytes(query().activeMtu());
    }

    /// The entry of the GID table from which an address is to be reached: that of the table as it was last read, if
    /// the
    /// port still has it.
    ///
    /// @throws DeviceException when there is none
    int gidIndexFor(String verb, InetAddress remote) {
        InetAddress local = config.localAddress();
        if (local != null && local.getClass() != remote.getClass()) {
            throw new DeviceException(
                    failed(verb, Errno.EAFNOSUPPORT)
                            .withRemedy("the peer's address must be of the family of " + local.getHostAddress()
                                    + ", to which the device is bound"),
                    remote.getHostAddress());
        }
        GidTable known = lastRead;
        if (known != null) {
            Optional<GidTable.Entry> entry = choose(known, remote);
            if (entry.isPresent() && GidTable.isCurrent(handle, config.port(), entry.get())) {
                return entry.get().gid().index();
            }
        }
        GidTable table = gids(query());
        return choose(table, remote)
                .orElseThrow(() -> noEntry(verb, table, remote.getHostAddress()))
                .gid()
                .index();
    }

    private Optional<GidTable.Entry> choose(GidTable table, InetAddress remote) {
        InetAddress local = config.localAddress();
        return local != null ? table.routable(local) : table.routableTo(remote);
    }

    /// Whether it has no hardware: Soft-RoCE.
    boolean isSoftware() {
        try {
            return Path.of("/sys/class/infiniband", handle.name())
                    .toRealPath()
                    .toString()
                    .contains("/virtual/");
        } catch (IOException e) {
            return false;
        }
    }

    /// Writes a `struct ibv_ah_attr`.
    ///
    /// @param at where it begins in `attributes`, which is zero there
    /// @param serviceLevel 0 to 7
    void writeAddress(String verb, MemorySegment attributes, long at, AddressVector vector, int serviceLevel) {
        byte[] gid = new byte[GID_BYTES];
        byte[] address = vector.address().getAddress();
        if (address.length == Integer.BYTES) {
            gid[MAPPED_OFFSET - 2] = ONES;
            gid[MAPPED_OFFSET - 1] = ONES;
        }
        System.arraycopy(address, 0, gid, GID_BYTES - address.length, address.length);
        MemorySegment.copy(gid, 0, attributes, ValueLayout.JAVA_BYTE, at + IbvAhAttr.GRH_DGID, GID_BYTES);
        int index = gidIndexFor(verb, vector.address());
        attributes.set(ValueLayout.JAVA_INT, at + IbvAhAttr.GRH_FLOW_LABEL, vector.flowLabel());
        attributes.set(ValueLayout.JAVA_BYTE, at + IbvAhAttr.GRH_SGID_INDEX, (byte) index);
        attributes.set(ValueLayout.JAVA_BYTE, at + IbvAhAttr.GRH_HOP_LIMIT, (byte) vector.hopLimit());
        attributes.set(ValueLayout.JAVA_BYTE, at + IbvAhAttr.GRH_TRAFFIC_CLASS, (byte) vector.trafficClass());
        attributes.set(ValueLayout.JAVA_BYTE, at + IbvAhAttr.SL, (byte) serviceLevel);
        attributes.set(ValueLayout.JAVA_BYTE, at + IbvAhAttr.IS_GLOBAL, (byte) 1);
        attributes.set(ValueLayout.JAVA_BYTE, at + IbvAhAttr.PORT_NUM, (byte) config.port());
    }

    /// The number of `enum ibv_mtu` for a payload length.
    ///
    /// @throws IllegalArgumentException when it is not one of 256 to 4096
    static int mtuCode(int bytes) {
        int code = Integer.numberOfTrailingZeros(bytes) - Integer.numberOfTrailingZeros(SMALLEST_MTU_BYTES) + MTU_256;
        if (Integer.bitCount(bytes) != 1 || code < MTU_256 || code > 5) {
            throw new IllegalArgumentException("pathMtuBytes must be 256, 512, 1024, 2048 or 4096, is " + bytes);
        }
        return code;
    }

    private static int mtuBytes(int code) {
        return SMALLEST_MTU_BYTES << Math.clamp(code, MTU_256, 5) - MTU_256;
    }

    private static PortAttributes.State state(int code) {
        return switch (code) {
            case PortState.ACTIVE, PortState.ACTIVE_DEFER -> PortAttributes.State.ACTIVE;
            case PortState.INIT, PortState.ARMED -> PortAttributes.State.INITIALIZING;
            default -> PortAttributes.State.DOWN;
        };
    }

    private static int interfaceMtuBytes(GidTable.Entry entry) {
        try {
            NetworkInterface network =
                    entry.interfaceIndex() == 0 ? null : NetworkInterface.getByIndex(entry.interfaceIndex());
            return network == null ? 0 : network.getMTU();
        } catch (IOException e) {
            return 0;
        }
    }

    private GidTable gids(Answer answer) {
        GidTable table = GidTable.read(handle, config.port(), answer.gids());
        lastRead = table;
        return table;
    }

    private Answer query() {
        try (Scratch scratch = new Scratch()) {
            MemorySegment attributes = scratch.allocate(IbvPortAttr.ROOM_BYTES);
            MemorySegment function = ops.extension(VerbsContext.QUERY_PORT);
            int errno = function.address() == 0
                    ? handle.library().queryPort(scratch, handle.context(), config.port(), attributes.address())
                    : ContextOps.queryPort(function, scratch, handle.context(), config.port(), attributes.address());
            if (errno != 0) {
                throw Remedies.failure("ibv_query_port", errno, handle.name(), config.port(), "");
            }
            return new Answer(
                    attributes.get(ValueLayout.JAVA_INT, IbvPortAttr.STATE),
                    attributes.get(ValueLayout.JAVA_INT, IbvPortAttr.ACTIVE_MTU),
                    attributes.get(ValueLayout.JAVA_INT, IbvPortAttr.GID_TBL_LEN),
                    attributes.get(ValueLayout.JAVA_BYTE, IbvPortAttr.LINK_LAYER));
        }
    }

    private DeviceException noEntry(String verb, GidTable table, String address) {
        return new DeviceException(
                failed(verb, Errno.EADDRNOTAVAIL)
                        .withRemedy("the GID table has no RoCEv2 entry for it: give the port's network interface an"
                                + " address of that family and bring it up; the table has " + table),
                address);
    }

    private DeviceException.Failure failed(String verb, int errno) {
        return DeviceException.Failure.of(verb, Errno.name(errno)).at(handle.name(), config.port());
    }
}
