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

import io.longhaul.Longhaul;
import io.longhaul.LonghaulConfig;
import io.longhaul.identity.CredentialStore;
import io.longhaul.identity.Credentials;
import io.longhaul.identity.TlsSession;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/// Puts TLS on control connections, under the credentials that are in force at that moment, or leaves them in the
/// clear where the configuration says so.
///
/// Threading: any thread.
final class ControlSecurity implements AutoCloseable {
    /// How often an endpoint without new connections looks after its certificate.
    private static final Duration LOOK = Duration.ofMinutes(5);

    private final @Nullable CredentialStore credentials;
    private final @Nullable Thread watch;

    private ControlSecurity(@Nullable CredentialStore credentials) {
        this.credentials = credentials;
        watch = credentials == null
                ? null
                : Thread.ofVirtual().name("longhaul-certificate").start(() -> lookAfter(credentials));
    }

    /// Reads the identity of the configuration.
    ///
    /// @throws io.longhaul.ConfigurationException when it cannot be used
    static ControlSecurity of(LonghaulConfig config, RateLimitedLog log) {
        final Longhaul.Identity identity = config.identity();
        return new ControlSecurity(
                identity == null ? null : new CredentialStore(identity, InstantSource.system(), log::log));
    }

    private static void lookAfter(CredentialStore credentials) {
        try {
            while (true) {
                Thread.sleep(LOOK);
                credentials.current();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the endpoint is closed
        }
    }

    /// The connecting end.
    ///
    /// @param dialled the address with the name that was dialled
    ControlChannel onClient(TcpControlChannel channel, InetSocketAddress dialled, long deadlineNanos) {
        if (credentials == null) {
            return channel;
        }
        final Credentials own = credentials.current();
        final String host = dialled.getHostString();
        final int zone = host.indexOf('%'); // of a link-local address: no part of its name
        final String name = zone < 0 ? host : host.substring(0, zone);
        final TlsSession session = TlsSession.client(own, credentials.allowedPeers(), name, dialled.getPort());
        return TlsControlChannel.open(channel, session, true, own.describe(), deadlineNanos);
    }

    /// The listening end.
    ControlChannel onServer(TcpControlChannel channel, long deadlineNanos) {
        if (credentials == null) {
            return channel;
        }
        final Credentials own = credentials.current();
        final TlsSession session = TlsSession.server(own, credentials.allowedPeers());
        return TlsControlChannel.open(channel, session, false, own.describe(), deadlineNanos);
    }

    @Override
    public void close() {
        if (watch != null) {
            watch.interrupt();
        }
    }
}
