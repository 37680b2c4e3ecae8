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
package io.longhaul.bench.link;

import io.longhaul.linux.Libc;
import io.longhaul.verbs.soft.WireConfig;
import java.io.IOException;
import java.lang.foreign.Arena;

/// A long path between the two namespaces of a [NetworkPair].
///
/// Threading: one thread.
public final class EmulatedPath implements AutoCloseable {
    private final Arena arena = Arena.ofShared();
    private final LinkThread thread;
    private final boolean segmentsUdp;

    /// Joins the namespaces.
    ///
    /// @param there the link from left to right
    /// @param back the link from right to left
    /// @param mtuBytes of the devices
    public EmulatedPath(NetworkPair namespaces, WireConfig there, WireConfig back, int mtuBytes) throws IOException {
        TunDevice left = device("l");
        TunDevice right;
        try {
            right = device("r");
        } catch (IOException e) {
            left.close();
            arena.close();
            throw e;
        }
        segmentsUdp = left.segmentsUdp() && right.segmentsUdp();
        thread = new LinkThread(left, right, there, back);
        try {
            namespaces.adopt(NetworkPair.deviceName("l"), false, mtuBytes);
            namespaces.adopt(NetworkPair.deviceName("r"), true, mtuBytes);
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    private TunDevice device(String suffix) throws IOException {
        return new TunDevice(arena, new Libc.CallState(arena), NetworkPair.deviceName(suffix));
    }

    /// Whether the kernel hands rows of UDP datagrams over uncut.
    public boolean segmentsUdp() {
        return segmentsUdp;
    }

    /// What carries the packets.
    public LinkThread link() {
        return thread;
    }

    @Override
    public void close() {
        thread.close();
        arena.close();
    }
}
