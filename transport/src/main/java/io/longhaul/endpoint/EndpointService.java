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

import io.longhaul.ConfigurationException;
import io.longhaul.Longhaul;
import io.longhaul.LonghaulConfig;

/// Makes endpoints for {@link Longhaul#open}.
public final class EndpointService implements Longhaul.Provider {
    /// Creates the service; called by {@link java.util.ServiceLoader}.
    public EndpointService() {}

    @Override
    public Longhaul open(LonghaulConfig config) {
        if (!config.insecure() && config.identity() == null) {
            throw new ConfigurationException("an endpoint needs an identity: give the builder one, from the files that"
                    + " longhaul keygen makes; or, on a network that you trust, set insecure(true)");
        }
        return new Endpoint(config);
    }
}
