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
/// Who an endpoint is and whom it believes: certificates, keys, trust, and the TLS engines made of them.
///
/// Owns: reading PEM files and key stores, watching them, checking peers, and making the certificates of a private
/// authority. May import: {@code io.longhaul}, {@code io.longhaul.core}, the security and TLS packages of java.base.
/// Never a socket or an agent.
///
/// Threading: values are immutable; {@link io.longhaul.identity.CredentialStore} may be used by any thread.
@NullMarked
package io.longhaul.identity;

import org.jspecify.annotations.NullMarked;
