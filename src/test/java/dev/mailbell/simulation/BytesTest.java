package dev.mailbell.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.mail.connection.MailConnector;
import dev.mailbell.mail.pop3.Pop3Sessions;
import dev.mailbell.network.Watchdog;
import dev.mailbell.network.address.AddressGuard;
import dev.mailbell.network.tls.TlsContexts;
import dev.mailbell.simulation.Simulation.Counter;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What checks at a maildrop of 100,000 messages cost, whole sessions with login and goodbye. */
class BytesTest {
    private static final int MESSAGES = 100_000;

    /**
     * The bound of docs/detection.md: one UIDL, whose lines have a UID of 16 characters and 9
     * octets more at most, and 4 KiB for the rest of the session. The full LIST would be 1.2 MB
     * more.
     */
    private static final int ONE_LISTING = MESSAGES * (16 + 9) + 4_096;

    @Test
    void a_check_at_100000_messages_costs_as_little_as_its_news() throws Exception {
        Random random = new Random(1);
        Maildrop maildrop = new Maildrop();
        for (int i = 0; i < MESSAGES; i++) {
            maildrop.arrive(i, 1_000 + random.nextInt(60_000));
        }
        try (SimulatedServer server = new SimulatedServer(maildrop);
                Watchdog watchdog = new Watchdog();
                AddressGuard guard =
                        new AddressGuard(List.of("127.0.0.0/8"), List.of("127.0.0.1"))) {
            Counter counter =
                    new Counter(
                            new Pop3Sessions(
                                    new MailConnector(guard, new TlsContexts(watchdog), watchdog)),
                            server.port());
            assertThat(counter.check()).isZero();

            long before = server.bytes();
            assertThat(counter.check()).isZero();
            assertThat(server.bytes() - before).isLessThanOrEqualTo(2_048);

            maildrop.arrive(MESSAGES, 5_000);
            before = server.bytes();
            assertThat(counter.check()).isEqualTo(1);
            assertThat(server.bytes() - before).isLessThanOrEqualTo(4_096);

            maildrop.delete(50_000);
            before = server.bytes();
            assertThat(counter.check()).isZero();
            assertThat(server.bytes() - before).isLessThanOrEqualTo(ONE_LISTING);

            maildrop.restore(0, 50_000);
            before = server.bytes();
            assertThat(counter.check()).isZero();
            assertThat(server.bytes() - before).isLessThanOrEqualTo(ONE_LISTING);

            maildrop.arrive(20_000, 5_000);
            before = server.bytes();
            assertThat(counter.check()).isEqualTo(1);
            assertThat(server.bytes() - before).isLessThanOrEqualTo(ONE_LISTING);

            maildrop.delete(50_000);
            maildrop.arrive(MESSAGES, 5_000);
            before = server.bytes();
            long cpu = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
            assertThat(counter.check()).isEqualTo(1);
            assertThat(server.bytes() - before).isLessThanOrEqualTo(ONE_LISTING);
            // Told, not asserted: a busy machine must not fail a test.
            System.out.printf(
                    "full difference of %d UIDs: %d ms of CPU%n",
                    MESSAGES,
                    (ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - cpu)
                            / 1_000_000);
        }
    }
}
