package dev.mailbell.mail.scripted;

import dev.mailbell.mail.connection.MailConnector;
import dev.mailbell.network.Watchdog;
import dev.mailbell.network.address.AddressGuard;
import dev.mailbell.network.tls.TlsContexts;
import java.util.List;

/** A connector that may connect to loopback, also in clear text. */
public final class Loopback implements AutoCloseable {
    private final AddressGuard guard =
            new AddressGuard(List.of("127.0.0.0/8"), List.of("127.0.0.1", "localhost"));
    private final Watchdog watchdog = new Watchdog();
    private final MailConnector connector =
            new MailConnector(guard, new TlsContexts(watchdog), watchdog);

    public MailConnector connector() {
        return connector;
    }

    @Override
    public void close() {
        watchdog.close();
        guard.close();
    }
}
