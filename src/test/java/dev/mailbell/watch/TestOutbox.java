package dev.mailbell.watch;

import dev.mailbell.cluster.TestOwnership;
import dev.mailbell.database.Database;
import dev.mailbell.delivery.Deliveries;
import dev.mailbell.delivery.Outbox;
import dev.mailbell.delivery.TestDeliverySettings;
import dev.mailbell.delivery.http.WebhookClient;
import dev.mailbell.network.Watchdog;
import dev.mailbell.network.address.AddressGuard;
import dev.mailbell.network.tls.TlsContexts;
import dev.mailbell.secret.Keyring;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;

/**
 * An outbox whose queues were never started: events and deliveries are written and stay in the
 * table.
 */
public final class TestOutbox {
    private TestOutbox() {}

    public static Outbox of(Database database) {
        try {
            AddressGuard guard = new AddressGuard(List.of(), List.of());
            Watchdog watchdog = new Watchdog();
            WebhookClient client =
                    new WebhookClient(
                            new WebhookClient.Settings("test", Set::of, 1, null, null),
                            guard,
                            new TlsContexts(watchdog),
                            watchdog,
                            InstantSource.system());
            Path keys = Files.createTempDirectory("keys");
            Keyring keyring = Keyring.open(keys.resolve("keyset.json"));
            Files.delete(keys.resolve("keyset.json"));
            Files.delete(keys);
            return new Deliveries(
                            database,
                            client,
                            keyring,
                            new TestDeliverySettings(),
                            new TestOwnership(),
                            new SimpleMeterRegistry(),
                            InstantSource.system())
                    .outbox();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
