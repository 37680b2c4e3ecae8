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

/// Gives packets to the sockets at once.
final class UdpEgress implements Egress {
    private final SocketPool sockets;
    private final DatagramBurst burst;

    UdpEgress(SocketPool sockets, DatagramBurst burst) {
        this.sockets = sockets;
        this.burst = burst;
    }

    @Override
    public int send(PacketBatch batch, int lane, SoftAddressHandle destination) {
        burst.begin(
                destination.socketAddress().address(), destination.socketAddressBytes(), destination.trafficClass());
        for (int i = 0; i < batch.count(); i++) {
            batch.addTo(burst, i);
        }
        return burst.send(sockets.socket(lane));
    }

    @Override
    public DatagramBurst.Outcome outcome() {
        return burst.outcome();
    }

    @Override
    public int release(long nowNanos) {
        return 0;
    }

    @Override
    public long nextNanos() {
        return Long.MAX_VALUE;
    }
}
