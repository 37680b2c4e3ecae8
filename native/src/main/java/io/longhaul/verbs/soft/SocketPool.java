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

import io.longhaul.linux.Libc;
import io.longhaul.linux.SocketAddress;
import io.longhaul.linux.UdpSocket;
import io.longhaul.verbs.DeviceException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.Inet6Address;
import java.net.InetAddress;

/// The sockets of a device: one for each source port.
///
/// Threading: the owner thread of the data path.
final class SocketPool implements AutoCloseable {
    private final UdpSocket[] sockets;
    private final InetAddress address;
    private final MemorySegment socketAddress;
    private boolean segmentation;

    SocketPool(Arena arena, Libc.CallState state, SoftDeviceConfig config) {
        address = config.bindAddress();
        socketAddress = arena.allocate(SocketAddress.MAX_BYTES + 4L, 8);
        SocketAddress.write(socketAddress, 0, address, 0);
        UdpSocket[] opened = new UdpSocket[config.sourcePorts()];
        boolean offloads = config.mode() != SoftDeviceConfig.Mode.PLAIN;
        int count = 0;
        try {
            for (; count < opened.length; count++) {
                opened[count] = new UdpSocket(arena, state, address, count == 0 ? config.firstUdpPort() : 0);
                opened[count].requestBufferBytes(config.socketBufferBytes(), config.socketBufferBytes());
                if (config.filter()) {
                    opened[count].dropNoise(); // where the kernel does not, the responder does
                }
                boolean hasOffloads = opened[count].hasSegmentationOffload() && opened[count].enableReceiveOffload();
                if (!hasOffloads && config.mode() == SoftDeviceConfig.Mode.BATCHED) {
                    throw new IOException("the kernel has no UDP_SEGMENT and UDP_GRO: use mode AUTO");
                }
                offloads &= hasOffloads;
            }
        } catch (IOException e) {
            for (int i = 0; i < count; i++) {
                opened[i].close();
            }
            throw new DeviceException("open", "", "open(" + config.name() + ") failed: " + e.getMessage());
        }
        sockets = opened;
        segmentation = offloads;
    }

    int size() {
        return sockets.length;
    }

    UdpSocket socket(int index) {
        return sockets[index];
    }

    /// Whether batches of datagrams may be given to the kernel in one piece.
    boolean hasSegmentation() {
        return segmentation;
    }

    /// Sends datagrams one by one from now on.
    void disableSegmentation() {
        segmentation = false;
    }

    boolean isIpv6() {
        return address instanceof Inet6Address;
    }

    /// The local address as a socket address; its port means nothing.
    MemorySegment socketAddress() {
        return socketAddress;
    }

    /// The descriptors of all sockets and of one thing more, for a poller.
    int[] descriptorsAnd(int another) {
        int[] descriptors = new int[sockets.length + 1];
        for (int i = 0; i < sockets.length; i++) {
            descriptors[i] = sockets[i].fd();
        }
        descriptors[sockets.length] = another;
        return descriptors;
    }

    @Override
    public void close() {
        for (UdpSocket socket : sockets) {
            socket.close();
        }
    }
}
