package dev.mailbell.routing;

import dev.mailbell.account.MailSettings;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;

/** Finds whether a POP3 login belongs to a stored account, of any client. */
public final class StoredLogins {
    private final Jdbi jdbi;

    public StoredLogins(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /** An account that is not paused with this host and user name. */
    Optional<UUID> find(MailSettings mail) {
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                """
                                select id from account
                                where protocol = 'pop3' and host = :host and username = :username and state <> 'paused'
                                order by id limit 1\
                                """)
                        .bind("host", mail.host())
                        .bind("username", mail.username())
                        .mapTo(UUID.class)
                        .findOne());
    }
}
