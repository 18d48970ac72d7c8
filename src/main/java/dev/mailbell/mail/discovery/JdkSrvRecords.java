package dev.mailbell.mail.discovery;

import dev.mailbell.network.Deadline;
import dev.mailbell.network.TimedCall;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Hashtable;
import java.util.List;
import javax.naming.Context;
import javax.naming.NameNotFoundException;
import javax.naming.NamingEnumeration;
import javax.naming.NamingException;
import javax.naming.directory.Attribute;
import javax.naming.directory.DirContext;
import javax.naming.spi.NamingManager;
import org.jspecify.annotations.Nullable;

/** Queries the DNS by the JDK's client, which uses the name servers of the system. */
final class JdkSrvRecords implements SrvRecords {
    // The client waits this long for a first answer and doubles it with each of the retries.
    private static final String FIRST_WAIT_MILLIS = "1000";
    private static final String RETRIES = "2";
    private static final int MAX_RECORDS = 64;

    private final String servers;

    /** Uses the name servers of the system. */
    JdkSrvRecords() {
        this("dns:");
    }

    /**
     * @param servers {@code dns://host:port}, several separated by blanks
     */
    JdkSrvRecords(String servers) {
        this.servers = servers;
    }

    @Override
    public List<SrvRecord> lookup(String name, Deadline deadline) throws IOException {
        return TimedCall.by(deadline, "asking the DNS for " + name, () -> ask(name));
    }

    // JNDI is dangerous because an InitialContext resolves a name that is a URL in any directory.
    // This context only does DNS, and an SRV record is read as text.
    @SuppressWarnings("BanJNDI")
    private List<SrvRecord> ask(String name) throws IOException {
        Hashtable<String, String> environment = new Hashtable<>();
        environment.put(Context.INITIAL_CONTEXT_FACTORY, "com.sun.jndi.dns.DnsContextFactory");
        environment.put(Context.PROVIDER_URL, servers);
        environment.put("com.sun.jndi.dns.timeout.initial", FIRST_WAIT_MILLIS);
        environment.put("com.sun.jndi.dns.timeout.retries", RETRIES);
        try {
            DirContext dns = (DirContext) NamingManager.getInitialContext(environment);
            try {
                // With the final dot the system's search list does not apply.
                return read(dns.getAttributes(name + ".", new String[] {"SRV"}).get("SRV"));
            } finally {
                dns.close();
            }
        } catch (NameNotFoundException e) {
            return List.of();
        } catch (NamingException e) {
            throw new IOException("the DNS gave no answer for " + name, e);
        }
    }

    private static List<SrvRecord> read(@Nullable Attribute records) throws NamingException {
        List<SrvRecord> read = new ArrayList<>();
        if (records != null) {
            NamingEnumeration<?> values = records.getAll();
            while (values.hasMore() && read.size() < MAX_RECORDS) {
                SrvRecord.parse(String.valueOf(values.next())).ifPresent(read::add);
            }
        }
        return read;
    }
}
