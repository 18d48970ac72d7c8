package dev.mailbell.health;

import dev.mailbell.config.CanaryConfig;
import dev.mailbell.config.CanaryConfig.Smtp;
import dev.mailbell.mail.Credential;
import dev.mailbell.mail.Endpoint;
import dev.mailbell.mail.Security;
import dev.mailbell.mail.smtp.OutgoingMail;
import dev.mailbell.mail.smtp.SmtpClient;
import dev.mailbell.mail.smtp.SmtpServer;
import dev.mailbell.network.Deadline;
import dev.mailbell.network.tls.TlsTrust;
import java.time.Duration;
import java.util.List;

/** Sends the mails of the canary by the mail server of the configuration. */
record CanaryMailer(SmtpClient client) implements Canary.CanaryPost {
    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    @Override
    public void send(CanaryConfig config, String to, String subject, String text) {
        client.send(
                server(config.smtp()),
                new OutgoingMail(config.from(), List.of(to), subject, text, List.of()),
                Deadline.after(TIMEOUT));
    }

    private static SmtpServer server(Smtp smtp) {
        Security security = Security.valueOf(smtp.security().name());
        int port = smtp.port() == 0 ? SmtpServer.defaultPort(security) : smtp.port();
        return new SmtpServer(
                new Endpoint(
                        smtp.host(), port, security, new TlsTrust(true, null, List.of()), null),
                smtp.username().isEmpty()
                        ? null
                        : new SmtpServer.Login(
                                smtp.username(),
                                new Credential.Password(smtp.password().reveal())));
    }
}
