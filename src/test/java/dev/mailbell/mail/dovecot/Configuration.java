package dev.mailbell.mail.dovecot;

import java.nio.file.Path;

/** Dovecot's configuration file. */
final class Configuration {
    private Configuration() {}

    /**
     * @param ports imap, imaps, pop3, pop3s
     * @param mechanisms the SASL mechanisms that are allowed, as {@code auth_mechanisms} has them
     */
    static String text(Path home, int[] ports, String password, String mechanisms) {
        boolean root = "root".equals(System.getProperty("user.name"));
        return """
        protocols = imap pop3
        listen = %1$s
        base_dir = %2$s/run
        state_dir = %2$s/state
        instance_name = mailbell-tests
        log_path = %2$s/dovecot.log
        ssl = yes
        ssl_cert = <%2$s/cert.pem
        ssl_key = <%2$s/key.pem
        disable_plaintext_auth = no
        auth_mechanisms = %11$s
        # No waiting after a wrong password, neither for who gave it nor for who comes next.
        auth_failure_delay = 0
        service anvil {
          unix_listener anvil-auth-penalty {
            mode = 0
          }
        }
        passdb {
          driver = static
          args = password=%3$s
        }
        userdb {
          driver = static
          args = %4$s home=%2$s/mail/%%u
        }
        mail_location = maildir:~/Maildir
        mail_max_userip_connections = 1000
        maildir_broken_filename_sizes = yes
        first_valid_uid = 1
        namespace inbox {
          inbox = yes
          separator = /
        }
        service imap-login {
          service_count = 0
          %5$s
          inet_listener imap {
            port = %6$d
          }
          inet_listener imaps {
            port = %7$d
            ssl = yes
          }
        }
        service pop3-login {
          service_count = 0
          %5$s
          inet_listener pop3 {
            port = %8$d
          }
          inet_listener pop3s {
            port = %9$d
            ssl = yes
          }
        }
        service imap {
          service_count = 0
          process_limit = 40
          client_limit = 50
        }
        service pop3 {
          service_count = 0
          process_limit = 40
        }
        %10$s
        """
                .formatted(
                        Dovecot.HOST,
                        home,
                        password,
                        root ? "uid=nobody gid=nogroup" : "",
                        root ? "" : "chroot =",
                        ports[0],
                        ports[1],
                        ports[2],
                        ports[3],
                        root ? "" : unprivileged(System.getProperty("user.name")),
                        mechanisms);
    }

    /** Without root nothing can change its user, and nothing can be locked into a directory. */
    private static String unprivileged(String user) {
        return """
        default_internal_user = %1$s
        default_internal_group =
        default_login_user = %1$s
        service anvil {
          chroot =
        }
        service stats {
          chroot =
        }
        """
                .formatted(user);
    }
}
