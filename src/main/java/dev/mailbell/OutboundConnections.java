package dev.mailbell;

import dev.mailbell.config.NetworkConfig;
import dev.mailbell.delivery.http.WebhookClient;
import dev.mailbell.mail.MailServers;
import dev.mailbell.mail.connection.MailConnector;
import dev.mailbell.mail.imap.ImapSessions;
import dev.mailbell.mail.pop3.Pop3Sessions;
import dev.mailbell.network.Watchdog;
import dev.mailbell.network.address.AddressGuard;
import dev.mailbell.network.http.GuardedHttp;
import dev.mailbell.network.tls.TlsContexts;
import java.time.InstantSource;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Everything by which this process connects to other servers: mail servers, webhooks, and the HTTP
 * of discovery and OAuth 2.0.
 *
 * @param guard refuses private addresses at every connect
 * @param http for short requests that are no deliveries
 */
record OutboundConnections(
        AddressGuard guard, GuardedHttp http, WebhookClient webhooks, MailConnector mailConnector) {
    private static final int WEBHOOK_CONNECTIONS = 4096;

    /**
     * @param webhookPorts the ports that webhooks may have now
     * @param stops gets what ends each part
     */
    static OutboundConnections open(
            NetworkConfig network,
            Supplier<Set<Integer>> webhookPorts,
            InstantSource clock,
            StopSequence stops) {
        Watchdog watchdog = new Watchdog();
        stops.push(watchdog::close);
        AddressGuard guard = new AddressGuard(network.allowPrivate(), network.allowCleartext());
        stops.push(guard::close);
        TlsContexts tls = new TlsContexts(watchdog);
        GuardedHttp http = new GuardedHttp(guard, tls, null);
        stops.push(http::close);
        WebhookClient webhooks =
                new WebhookClient(
                        new WebhookClient.Settings(
                                Version.current(),
                                webhookPorts,
                                WEBHOOK_CONNECTIONS,
                                network.caPem(),
                                network.proxy()),
                        guard,
                        tls,
                        watchdog,
                        clock);
        stops.push(webhooks::close);
        return new OutboundConnections(
                guard, http, webhooks, new MailConnector(guard, tls, watchdog));
    }

    MailServers mailServers() {
        MailServers imap = new ImapSessions(mailConnector);
        MailServers pop3 = new Pop3Sessions(mailConnector);
        return (login, deadline) ->
                switch (login.protocol()) {
                    case IMAP -> imap.open(login, deadline);
                    case POP3 -> pop3.open(login, deadline);
                };
    }
}
