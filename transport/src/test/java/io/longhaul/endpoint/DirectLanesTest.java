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
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.LonghaulConfig;
import io.longhaul.core.PlacementPort;
import io.longhaul.verbs.AccessFlags;
import io.longhaul.verbs.DeviceCapabilities;
import io.longhaul.verbs.DeviceException;
import io.longhaul.verbs.MemoryRegion;
import io.longhaul.verbs.ProtectionDomain;
import io.longhaul.verbs.QueuePair;
import io.longhaul.verbs.QueuePairState;
import io.longhaul.verbs.RdmaDevice;
import io.longhaul.verbs.WorkCompletions;
import io.longhaul.verbs.soft.SoftDeviceConfig;
import io.longhaul.verbs.soft.SoftDeviceProvider;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The queue pairs of a connection when the device fails.
@Timeout(60)
class DirectLanesTest {
    private static final int LANES = 2;

    private final LonghaulConfig config = EndpointPair.small().build();
    private final RateLimitedLog log = new RateLimitedLog(System.getLogger("io.longhaul.test"));
    private boolean refusesToDeregister;
    private boolean deregisters = true;
    private DataPort port;
    private EngineAgent agent;

    @BeforeEach
    void open() {
        final InetAddress loopback = InetAddress.getLoopbackAddress();
        final RdmaDevice device =
                new SoftDeviceProvider(SoftDeviceConfig.builder(loopback).build()).open();
        port = new DataPort(loopback, failing(RdmaDevice.class, device), config);
        agent = new EngineAgent(port, log);
    }

    @AfterEach
    void close() {
        port.close();
    }

    /// A device whose memory that others may write does not let go, as long as it is told so.
    private <T> T failing(Class<T> type, T real) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
                    final boolean refused =
                            refusesToDeregister && method.getName().equals("close");
                    if (real instanceof MemoryRegion && refused) {
                        if (deregisters) {
                            invoke(method, real, arguments);
                            refusesToDeregister = false;
                        }
                        throw new DeviceException("ibv_dereg_mr", "EIO", "refused");
                    }
                    // Devices of the system look at the arena before they register.
                    if (method.getName().equals("registerMemory")
                            && !((MemorySegment) arguments[0]).scope().isAlive()) {
                        throw new IllegalArgumentException("the memory's arena is closed");
                    }
                    final Object result = invoke(method, real, arguments);
                    if (result instanceof ProtectionDomain domain) {
                        return failing(ProtectionDomain.class, domain);
                    }
                    final boolean written =
                            result instanceof MemoryRegion region && (region.access() & AccessFlags.REMOTE_WRITE) != 0;
                    return written ? failing(MemoryRegion.class, (MemoryRegion) result) : result;
                }));
    }

    private static @Nullable Object invoke(Method method, Object on, Object @Nullable [] arguments) throws Throwable {
        try {
            return method.invoke(on, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    private static final DirectLanes.Sink NOTHING = new DirectLanes.Sink() {
        @Override
        public void onPlaced(int lane, int immediate, int bytes) {
            throw new AssertionError("a flushed receive brings nothing");
        }

        @Override
        public void onPacket(int lane, MemorySegment segment, long offset, int length) {
            throw new AssertionError("a flushed receive brings nothing");
        }

        @Override
        public void onPacketTooLarge(int lane, int length) {
            throw new AssertionError("nothing was sent");
        }
    };

    @Test
    void areDeadWhenNoneCanCarryPacketsAnyMore() {
        final LonghaulConfig connected = LonghaulConfig.builder()
                .insecure(true)
                .placement(LonghaulConfig.Placement.SEND_UC)
                .build();
        final DirectLanes lanes = new DirectLanes(port, LANES, connected, log);
        final WorkCompletions completions = WorkCompletions.allocate(port.arena(), 32);
        for (int i = 0; i < LANES; i++) {
            assertFalse(lanes.isDead(), i + " lanes failed");
            lanes.lane(i).queuePair().toError();
            while (lanes.poll(completions, agent, NOTHING) > 0) {}
        }
        assertTrue(lanes.isDead());
        lanes.close();
    }

    private DirectLanes lanes() {
        return new DirectLanes(port, LANES, config, log);
    }

    @Test
    @Tag("fault-62")
    void leaveALaneAloneWhoseReceivesAreFlushed() {
        final DirectLanes lanes = lanes();
        final DirectLane failed = lanes.lane(0);
        failed.queuePair().toError();
        final WorkCompletions completions = WorkCompletions.allocate(port.arena(), 32);
        int flushed = 0;
        for (int polled = -1; polled != 0; flushed += polled) {
            polled = lanes.poll(completions, agent, NOTHING);
            lanes.postReceives();
            assertTrue(flushed <= 1 << 16, "receives are posted and flushed for ever");
        }
        assertTrue(flushed > 0);
        assertTrue(failed.isFailed());
        assertFalse(lanes.lane(1).isFailed());
        final int free = port.sendSlab().freeSlots();
        assertTrue(failed.sendRoom() > 0);
        failed.collect(port.sendSlab().take(), 4, 0, 0, 0);
        lanes.postSends();
        assertEquals(free, port.sendSlab().freeSlots(), "what a failed lane is given is lost");
        lanes.close();
        assertEquals(free, port.sendSlab().freeSlots());
    }

    @Test
    @Tag("fault-61")
    void goOnWhenTheMemoryWasFreedBeforeItsKeyEnded() {
        final DirectLanes lanes = lanes();
        final int handle = lanes.register(port.arena().allocate(1000));
        refusesToDeregister = true;
        lanes.invalidate(handle);
        assertFalse(lanes.lane(0).isFailed());
        assertEquals(handle, lanes.register(port.arena().allocate(1000)), "the handle is free");
        lanes.close();
    }

    @Test
    @Tag("fault-61")
    void cutThePeerOffWhenTheDeviceDoesNotEndAKey() {
        final DirectLanes lanes = lanes();
        final int free = port.sendSlab().freeSlots();
        final DirectLane lane = lanes.lane(1);
        lane.collect(port.sendSlab().take(), 4, 0, 0, 0);
        final int handle = lanes.register(port.arena().allocate(1000));
        refusesToDeregister = true;
        deregisters = false;
        lanes.invalidate(handle);
        assertTrue(lanes.lane(0).isFailed() && lane.isFailed());
        assertEquals(QueuePairState.RESET, lane.queuePair().state(), "it is destroyed");
        assertEquals(free, port.sendSlab().freeSlots());
        refusesToDeregister = false;
        lanes.close();
    }

    @Test
    void refuseMemoryWhoseArenaIsClosed() {
        try (DirectLanes lanes = lanes()) {
            final MemorySegment freed;
            try (Arena arena = Arena.ofShared()) {
                freed = arena.allocate(1000);
            }
            assertEquals(PlacementPort.NONE, lanes.register(freed));
        }
    }

    @Test
    void shareNoProtectionDomain() {
        try (DirectLanes a = lanes();
                DirectLanes b = lanes()) {
            assertNotSame(a.domain(), b.domain());
            assertNotEquals(a.domain(), port.domain());
        }
    }

    private static DeviceCapabilities device(int workRequests, int entries) {
        return new DeviceCapabilities(
                Set.of(QueuePair.Type.UC), 100, workRequests, 1, entries, 1L << 40, 0, 1, false, false);
    }

    @Test
    void postAsManyReceivesAsTheDeviceHolds() {
        assertEquals(4096, DirectLanes.receiveDepth(device(16_384, 1 << 20), 8, 0, 4096));
        assertEquals(1024, DirectLanes.receiveDepth(device(1024, 1 << 20), 8, 0, 4096));
        assertEquals(1023, DirectLanes.receiveDepth(device(16_384, 8191), 8, 0, 4096));
        // 400 Gb/s x 20 ms / 4096 B / 8 lanes.
        assertEquals(30_517, DirectLanes.receiveDepth(device(1 << 20, 1 << 20), 8, 400_000_000_000L, 4096));
        final DeviceException refused =
                assertThrows(DeviceException.class, () -> DirectLanes.receiveDepth(device(16_384, 4095), 8, 0, 4096));
        assertTrue(String.valueOf(refused.getMessage()).contains("fewer lanes"), refused.getMessage());
    }
}
