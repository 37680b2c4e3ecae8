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
package io.longhaul.core.fec;

/// How likely a group is to lose more than its parities repair. Closed forms; all probabilities are 0..1.
public final class FailureOdds {
    private FailureOdds() {}

    /// Independent losses: more than {@code rows} of {@code chunks + rows} packets are lost.
    ///
    /// F = sum over i > m of C(k+m, i) p^i (1-p)^(k+m-i). Worked: k = 128, m = 8, p = 1 % gives 1.07e-5.
    ///
    /// @param loss probability of a packet to be lost
    public static double ofGroup(int chunks, int rows, double loss) {
        if (loss <= 0) {
            return 0;
        }
        if (loss >= 1) {
            return 1;
        }
        final int packets = chunks + rows;
        // From term to term; the first one by logarithms, so that it neither underflows nor takes long.
        double term = Math.exp(packets * Math.log1p(-loss));
        double sum = 0;
        for (int i = 1; i <= packets; i++) {
            term *= (packets - i + 1) / (double) i * (loss / (1 - loss));
            if (i > rows) {
                sum += term;
            }
        }
        return Math.min(1, sum);
    }

    /// Losses in bursts of geometric length, which {@code depth} interleaved groups share.
    ///
    /// Bursts begin independently, one in b / p packets, and at any of the groups. With s = 1 - 1/b, a burst takes
    /// j or
    /// more packets of a given group with probability b / depth * (1 - s^depth) * s^((j-1) depth). So the group
    /// meets a
    /// Poisson number of bursts with mean lambda = (k+m) p (1 - s^depth), and loses a geometric number of packets
    /// to
    /// each. The sum is a compound Poisson variable, whose distribution Panjer's recursion gives (Panjer, ASTIN
    /// Bulletin
    /// 12, 1981): g_s = lambda / s * sum over j of j q_j g_(s-j). Bursts of one packet, and bursts that are shorter
    /// than
    /// the depth, come out as independent losses.
    ///
    /// @param loss probability of a packet to be lost, bursts included
    /// @param burst mean length of a burst, packets, 1 and more
    /// @param depth groups that take the packets in turn, 1 and more
    public static double ofGroup(int chunks, int rows, double loss, double burst, int depth) {
        if (burst <= 1) {
            return ofGroup(chunks, rows, loss);
        }
        final double stay = 1 - 1 / burst;
        final double perDepth = Math.pow(stay, depth);
        final double lambda = (chunks + rows) * loss * (1 - perDepth);
        double within = 0;
        final double[] g = new double[rows + 1]; // [packets lost]
        g[0] = Math.exp(-lambda);
        within += g[0];
        for (int s = 1; s <= rows; s++) {
            double sum = 0;
            double longer = 1; // P(a burst that takes any takes j or more)
            for (int j = 1; j <= s; j++) {
                final double exactly = longer * (1 - perDepth);
                sum += j * exactly * g[s - j];
                longer *= perDepth;
            }
            g[s] = lambda / s * sum;
            within += g[s];
        }
        return Math.clamp(1 - within, 0.0, 1.0);
    }

    /// Some of {@code times} independent things that each happen with probability {@code once} happen.
    public static double ofAny(double once, double times) {
        return -Math.expm1(times * Math.log1p(-Math.min(once, 1 - 1e-16)));
    }
}
