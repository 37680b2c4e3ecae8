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
/// Joins the protocol engine and a verbs device, and implements the public API on them.
///
/// Owns the agents (one thread for each local address), their queue pairs and packet buffers, the bootstrap over a
/// control connection, and the objects that applications hold. May import `io.longhaul`, `io.longhaul.core`,
/// `io.longhaul.identity`, `io.longhaul.congestion`, `io.longhaul.verbs`, Agrona and JCTools.
///
/// Threading: everything named Agent, Driver, Port or Lane belongs to one agent's thread; the classes that applications
/// hold may be used by any thread, and talk to the agent through queues.
@NullMarked
package io.longhaul.endpoint;

import org.jspecify.annotations.NullMarked;
