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
package io.longhaul.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.endpoint.PendingHandshakes.Place;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class PendingHandshakesTest {
    private static final long SECOND = 1_000_000_000L;

    private final PendingHandshakes handshakes = new PendingHandshakes(4, Duration.ofSeconds(10));

    private static Socket from(String host) {
        return new Socket() {
            @Override
            public InetAddress getInetAddress() {
                return InetAddress.ofLiteral(host);
            }
        };
    }

    private List<Socket> fill(String host, int count) {
        final List<Socket> sockets = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            final Socket socket = from(host);
            assertNotNull(handshakes.admit(socket, 0));
            sockets.add(socket);
        }
        return sockets;
    }

    @Test
    void aHostThatHoldsMostLosesItsLatestPlaceToAnother() {
        final List<Socket> greedy = fill("10.0.0.1", 4);
        assertNotNull(handshakes.admit(from("10.0.0.2"), 1));
        assertEquals(4, handshakes.taken());
        assertTrue(greedy.get(3).isClosed());
        assertFalse(greedy.get(0).isClosed());
    }

    @Test
    void aHostTakesNoPlaceOfAnotherThatHoldsNoMore() {
        fill("10.0.0.1", 2);
        fill("10.0.0.2", 2);
        assertNull(handshakes.admit(from("10.0.0.1"), 1));
        assertNull(handshakes.admit(from("10.0.0.2"), 1));
    }

    @Test
    @Tag("fault-55")
    void strangersOfManyNetworksHoldTheDoorNoLongerThanTheyMayHang() {
        final List<Socket> strangers = new ArrayList<>();
        for (int i = 1; i <= 4; i++) {
            strangers.addAll(fill("10.0.0." + i, 1));
        }
        assertNull(handshakes.admit(from("10.0.1.1"), 2 * SECOND));
        assertNotNull(handshakes.admit(from("10.0.1.1"), 3 * SECOND));
        assertTrue(strangers.getFirst().isClosed());
        assertFalse(strangers.get(1).isClosed());
        assertEquals(4, handshakes.taken());
    }

    @Test
    void aHostReplacesItsOwnWhenTheyHang() {
        final List<Socket> own = fill("10.0.0.1", 4);
        assertNull(handshakes.admit(from("10.0.0.1"), 2 * SECOND));
        assertNotNull(handshakes.admit(from("10.0.0.1"), 3 * SECOND));
        assertTrue(own.get(0).isClosed());
        assertFalse(own.get(1).isClosed());
        assertEquals(4, handshakes.taken());
    }

    @Test
    void aNetworkOfIpv6IsOneHost() {
        fill("2001:db8::1", 2);
        fill("2001:db8:0:ff::2", 2);
        assertNotNull(handshakes.admit(from("2001:db8:0:100::1"), 1));
    }

    @Test
    void aPlaceIsGivenBackOnce() {
        final Place place = handshakes.admit(from("10.0.0.1"), 0);
        assertNotNull(place);
        handshakes.release(place);
        handshakes.release(place);
        assertEquals(0, handshakes.taken());
    }
}
