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
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.ConnectionException;
import io.longhaul.ConnectionException.Reason;
import io.longhaul.endpoint.DialGate.Place;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class DialGateTest {
    private final DialGate gate = new DialGate();
    private final InetSocketAddress one = new InetSocketAddress("127.0.0.1", 1);
    private final InetSocketAddress other = new InetSocketAddress("127.0.0.1", 2);

    private List<Place> fill() {
        final List<Place> places = new ArrayList<>();
        for (int i = 0; i < DialGate.MOST; i++) {
            places.add(gate.enter(one, Bootstrap.deadlineNanos(Duration.ZERO)));
        }
        return places;
    }

    @Test
    @Tag("fault-53")
    void soManyConnectToOneAddressAndTheNextWaitsItsTurn() throws Exception {
        final List<Place> places = fill();
        final ConnectionException late = assertThrows(
                ConnectionException.class, () -> gate.enter(one, Bootstrap.deadlineNanos(Duration.ofMillis(1))));
        assertEquals(Reason.TIMEOUT, late.reason());
        assertTrue(String.valueOf(late.getMessage()).contains("127.0.0.1:1"), late.getMessage());
        final CompletableFuture<Place> next =
                CompletableFuture.supplyAsync(() -> gate.enter(one, Bootstrap.deadlineNanos(EndpointPair.PATIENCE)));
        places.getFirst().close();
        places.set(0, next.get());
        places.forEach(Place::close);
        assertEquals(0, gate.addresses(), "nothing is remembered of addresses to which nobody connects");
    }

    @Test
    void addressesDoNotWaitForEachOther() {
        final List<Place> places = fill();
        gate.enter(other, Bootstrap.deadlineNanos(Duration.ZERO)).close();
        assertEquals(1, gate.addresses());
        places.forEach(Place::close);
    }

    @Test
    void anInterruptEndsTheWait() {
        final List<Place> places = fill();
        Thread.currentThread().interrupt();
        final ConnectionException interrupted = assertThrows(
                ConnectionException.class, () -> gate.enter(one, Bootstrap.deadlineNanos(EndpointPair.PATIENCE)));
        assertEquals(Reason.LOCALLY_CLOSED, interrupted.reason());
        assertTrue(Thread.interrupted(), "the flag is kept");
        places.forEach(Place::close);
        assertEquals(0, gate.addresses());
    }
}
