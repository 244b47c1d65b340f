package quotaflow.bench;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/**
 * Counts the activities of a topic per performer and kind, and prints what that took as JSON.
 *
 * <p>Usage: Counting BOOTSTRAP TOPIC exactly_once_v2|at_least_once COMMIT_MS APPLICATION_ID STATE_DIR
 * PASSES. A pass ends when the positions it has committed have reached the ends that the topic had at the start. A
 * virtual machine is slow until it is warm: only the last pass is told, and what its second half took apart.
 */
public final class Counting {
    private static final String STORE = "counts";
    private static final JsonFactory JSON = new JsonFactory();
    private static final int FETCH_BYTES = 4 * 1024 * 1024;

    private static volatile long seen;
    private static volatile long counted;
    private static volatile State half;
    private static volatile long total;
    private static long looked;
    private static volatile long keys;
    private static long records;

    /** How many were counted at a moment, and the processor time until then. */
    private record State(long counted, long nanos, long cpu) {
        static State now() {
            return new State(Counting.counted, System.nanoTime(), Counting.cpu());
        }
    }

    private Counting() {}

    public static void main(String[] arguments) throws Exception {
        System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "error");
        String topic = arguments[1];
        try (Admin admin = Admin.create(Map.<String, Object>of("bootstrap.servers", arguments[0]))) {
            Map<TopicPartition, Long> ends = ends(admin, topic);
            records = ends.values().stream().mapToLong(Long::longValue).sum();
            int passes = Integer.parseInt(arguments[6]);
            for (int pass = 1; pass < passes; pass++) {
                count(admin, topic, ends, properties(arguments, pass));
            }
            print(count(admin, topic, ends, properties(arguments, passes)));
        }
    }

    /** Counts the topic from its beginning; what it took lies between the two states that are given. */
    private static List<State> count(
            Admin admin, String topic, Map<TopicPartition, Long> ends, Properties properties)
            throws InterruptedException {
        seen = counted = keys = total = looked = 0;
        State began = State.now();
        State ended;
        try (KafkaStreams streams = new KafkaStreams(topology(topic), properties)) {
            streams.setUncaughtExceptionHandler(Counting::failed);
            streams.start();
            while (!committed(admin, properties.getProperty(StreamsConfig.APPLICATION_ID_CONFIG), ends)) {
                Thread.sleep(50);
            }
            ended = State.now();
        }
        return List.of(began, ended);
    }

    private static Map<TopicPartition, Long> ends(Admin admin, String topic)
            throws ExecutionException, InterruptedException {
        var partitions = admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).partitions();
        Map<TopicPartition, OffsetSpec> asked = partitions.stream()
                .collect(Collectors.toMap(p -> new TopicPartition(topic, p.partition()), p -> OffsetSpec.latest()));
        return admin.listOffsets(asked).all().get().entrySet().stream()
                .filter(entry -> entry.getValue().offset() > 0)
                .collect(Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue().offset()));
    }

    private static Topology topology(String topic) {
        var store = Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore(STORE), Serdes.String(), Serdes.Long())
                .withCachingEnabled()
                .withLoggingEnabled(Map.of());
        return new Topology()
                .addSource("facts", Serdes.ByteArray().deserializer(), Serdes.ByteArray().deserializer(), topic)
                .addProcessor("count", Counter::new, "facts")
                .addStateStore(store, "count");
    }

    private static Properties properties(String[] arguments, int pass) {
        Properties properties = new Properties();
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, arguments[4] + "-" + pass);
        properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, arguments[0]);
        properties.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, arguments[2]);
        properties.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, Long.parseLong(arguments[3]));
        properties.put(StreamsConfig.STATE_DIR_CONFIG, arguments[5]);
        properties.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
        properties.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 64L * 1024 * 1024);
        properties.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
        properties.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
        properties.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), 10_000);
        properties.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG), FETCH_BYTES);
        return properties;
    }

    private static boolean committed(Admin admin, String group, Map<TopicPartition, Long> ends)
            throws InterruptedException {
        // The broker is asked only when all seems to be seen: while there is work, it is not bothered.
        if (seen < 1 || seen != looked) {
            looked = seen;
            return false;
        }
        try {
            Map<TopicPartition, OffsetAndMetadata> found =
                    admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
            return ends.entrySet().stream().allMatch(end -> {
                OffsetAndMetadata reached = found.get(end.getKey());
                return reached != null && reached.offset() >= end.getValue();
            });
        } catch (ExecutionException notYet) {
            return false;
        }
    }

    private static StreamThreadExceptionResponse failed(Throwable error) {
        error.printStackTrace();
        Runtime.getRuntime().halt(1);
        return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
    }

    private static void print(List<State> states) {
        State began = states.get(0);
        State ended = states.get(1);
        System.out.printf(
                Locale.ROOT,
                "{\"facts\":%d,\"seconds\":%.6f,\"cpu_seconds\":%.6f,\"warm_facts\":%d,\"warm_seconds\":%.6f,"
                        + "\"warm_cpu_seconds\":%.6f,\"keys\":%d,\"total\":%d}%n",
                ended.counted, (ended.nanos - began.nanos) / 1e9, (ended.cpu - began.cpu) / 1e9,
                ended.counted - half.counted, (ended.nanos - half.nanos) / 1e9, (ended.cpu - half.cpu) / 1e9,
                keys, total);
        System.out.flush();
    }

    private static long cpu() {
        return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }

    /** The one stage: what is no activity is passed over. */
    private static final class Counter implements Processor<byte[], byte[], Void, Void> {
        private KeyValueStore<String, Long> counts;
        private long before;

        @Override
        public void init(ProcessorContext<Void, Void> context) {
            counts = context.getStateStore(STORE);
            context.schedule(Duration.ofMillis(100), PunctuationType.WALL_CLOCK_TIME, moment -> {
                // Nothing came since the last look: it is the end of the topic, and nobody has to wait for the interval.
                if (seen == before) {
                    context.commit();
                }
                before = seen;
            });
        }

        @Override
        public void close() {
            try (KeyValueIterator<String, Long> all = counts.all()) {
                all.forEachRemaining(each -> {
                    keys++;
                    total += each.value;
                });
            }
        }

        @Override
        public void process(Record<byte[], byte[]> record) {
            String key = key(record.value());
            if (key != null) {
                Long before = counts.get(key);
                counts.put(key, before == null ? 1L : before + 1L);
                counted++;
            }
            if (++seen == records / 2) {
                half = State.now();
            }
        }

        /** `performer|activity`; null for a record that is no activity. Reads the whole object, as a decoder does. */
        private static String key(byte[] value) {
            String type = null;
            String performer = null;
            String activity = null;
            try (JsonParser parser = JSON.createParser(value)) {
                parser.nextToken();
                while (parser.nextToken() == JsonToken.FIELD_NAME) {
                    String name = parser.currentName();
                    parser.nextToken();
                    switch (name) {
                        case "type" -> type = parser.getText();
                        case "performer" -> performer = parser.getText();
                        case "activity" -> activity = parser.getText();
                        default -> parser.skipChildren();
                    }
                }
            } catch (IOException wrong) {
                throw new UncheckedIOException(wrong);
            }
            return "activity".equals(type) ? performer + "|" + activity : null;
        }
    }
}
