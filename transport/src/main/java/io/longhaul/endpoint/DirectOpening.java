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

import io.longhaul.LonghaulConfig;
import io.longhaul.LonghaulConfig.Placement;
import io.longhaul.endpoint.BootstrapMessage.PlacementOffer;
import java.net.InetAddress;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/// Queue pairs for direct placement during bootstrap: made before this end announces itself, joined with the peer's or
/// closed when its announcement is here. All of that happens on the agent's thread, to which the device belongs.
///
/// Threading: one thread, and {@link #connect} the agent.
final class DirectOpening {
    /// Nothing to be placed.
    static final DirectOpening NONE = new DirectOpening(null, null, null);

    private final @Nullable EngineAgent agent;
    private final @Nullable DirectLanes lanes;
    private final @Nullable PlacementOffer offer;

    private DirectOpening(@Nullable EngineAgent agent, @Nullable DirectLanes lanes, @Nullable PlacementOffer offer) {
        this.agent = agent;
        this.lanes = lanes;
        this.offer = offer;
    }

    /// Makes queue pairs, if the configuration wants them.
    ///
    /// @param laneCount how many at most
    /// @throws io.longhaul.DeviceException when the device has no such queue pairs
    static DirectOpening open(PortAgent port, LonghaulConfig config, int laneCount, RateLimitedLog log) {
        if (config.placement() == Placement.SEND) {
            return NONE;
        }
        final EngineAgent agent = port.agent();
        try {
            return agent.commands()
                    .call(() -> {
                        final int count = Math.min(laneCount, DirectLanes.MAX_LANES);
                        final DirectLanes made = new DirectLanes(port.port(), count, config, log);
                        return new DirectOpening(agent, made, made.offer());
                    })
                    .join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof io.longhaul.verbs.DeviceException cause) {
                throw new io.longhaul.DeviceException(
                        "no queue pairs for placement=" + config.placement() + ": " + cause.getMessage()
                                + "; use placement=SEND",
                        cause);
            }
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }

    /// What this end announces; null for nothing.
    @Nullable
    PlacementOffer offer() {
        return offer;
    }

    /// Joins the queue pairs with the peer's. Agent only.
    ///
    /// @return null when not both ends want the same of them
    @Nullable
    DirectLanes connect(InetAddress remote, @Nullable PlacementOffer peer) {
        if (lanes == null || peer == null || peer.carriesPackets() != lanes.carriesPackets()) {
            if (lanes != null) {
                lanes.close();
            }
            return null;
        }
        lanes.connect(remote, peer);
        return lanes;
    }

    /// Bootstrap failed: closes what was made.
    void close() {
        if (agent == null || lanes == null) {
            return;
        }
        agent.commands()
                .call(() -> {
                    lanes.close();
                    return lanes;
                })
                .join();
    }
}
