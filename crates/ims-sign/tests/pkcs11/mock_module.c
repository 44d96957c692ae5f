/*
 * A PKCS#11 module with one token and one key, which fails as it is told to.
 *
 * MOCK_FOLDER holds what it is told: "plan" (number, function, code, times), "token" (flags, most sessions),
 * "mechanisms", "attributes.10" of the private key, "attributes.11" of the public key, if there is one, and the
 * "signature" that it makes. It appends the name of each function that is called to "calls".
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef unsigned long Ulong;

/* Codes of the plan that are none of PKCS#11: the call does not return before there is another plan, and then answers
 * as that plan says; the process forks. */
enum { HANG = 0xfffffffe, FORK = 0xfffffffd };

typedef struct { Ulong type; void *value; Ulong length; } Attribute;
typedef struct { Ulong slot, state, flags, device_error; } SessionInfo;
typedef struct { Ulong least, most, flags; } MechanismInfo;
typedef struct {
    char label[32], manufacturer[32], model[16], serial[16];
    Ulong flags, most_sessions, sessions, most_rw_sessions, rw_sessions, longest_pin, shortest_pin, memory[4];
    unsigned char versions[4];
    char time[16];
} TokenInfo;

static pid_t initialized_by;
static int sessions, logged_in;
static __thread Ulong searched_class;

static FILE *open_file(const char *name) {
    char path[1000];
    snprintf(path, sizeof path, "%s/%s", getenv("MOCK_FOLDER"), name);
    return fopen(path, "r");
}

static void read_plan(unsigned *number, char *function, unsigned *code, int *times) {
    FILE *file = open_file("plan");
    *number = 0;
    if (file == NULL)
        return;
    if (fscanf(file, "%u %63s %x %d", number, function, code, times) != 4)
        *number = 0;
    fclose(file);
}

static Ulong fork_and_wait(void) {
    int status;
    pid_t child = fork();
    if (child == 0)
        return 0;
    return waitpid(child, &status, 0) == child && status == 0 ? 0 : 5;
}

/* Notes the call, and gives the code that is planned for it, or 0. */
static Ulong called(const char *name) {
    static unsigned last_number;
    static int used;
    char path[1000], function[64], line[64];
    unsigned number, code, later;
    int times;

    snprintf(path, sizeof path, "%s/calls", getenv("MOCK_FOLDER"));
    FILE *calls = fopen(path, "a");
    int length = snprintf(line, sizeof line, "%s\n", name);
    setvbuf(calls, NULL, _IONBF, 0);
    fwrite(line, 1, length, calls);
    fclose(calls);

    read_plan(&number, function, &code, &times);
    if (number == 0 || strcmp(function, name) != 0)
        return 0;
    if (__atomic_exchange_n(&last_number, number, __ATOMIC_SEQ_CST) != number)
        __atomic_store_n(&used, 0, __ATOMIC_SEQ_CST);
    if (__atomic_fetch_add(&used, 1, __ATOMIC_SEQ_CST) >= times)
        return 0;
    if (code == FORK)
        return fork_and_wait();
    if (code != HANG)
        return code;
    for (later = number; later == number; usleep(1000))
        read_plan(&later, function, &code, &times);
    return strcmp(function, name) == 0 && code < FORK ? code : 0;
}

#define CALLED(name) do { Ulong code = called(name); if (code != 0) return code; } while (0)

static Ulong initialize(void *args) {
    (void)args;
    CALLED("C_Initialize");
    if (initialized_by == getpid())
        return 0x191;
    initialized_by = getpid();
    sessions = logged_in = 0;
    return 0;
}

static Ulong finalize(void *reserved) {
    (void)reserved;
    CALLED("C_Finalize");
    initialized_by = 0;
    return 0;
}

static Ulong get_slot_list(unsigned char with_token, Ulong *slots, Ulong *count) {
    (void)with_token;
    CALLED("C_GetSlotList");
    if (slots != NULL)
        slots[0] = 1;
    *count = 1;
    return 0;
}

static void put(char *place, size_t length, const char *text) {
    memset(place, ' ', length);
    memcpy(place, text, strlen(text));
}

static Ulong get_token_info(Ulong slot, TokenInfo *info) {
    FILE *file = open_file("token");
    (void)slot;
    CALLED("C_GetTokenInfo");
    memset(info, 0, sizeof *info);
    put(info->label, 32, "mock");
    put(info->manufacturer, 32, "ims");
    put(info->model, 16, "mock");
    put(info->serial, 16, "1");
    if (file == NULL || fscanf(file, "%lx %lu", &info->flags, &info->most_sessions) != 2)
        return 5;
    fclose(file);
    return 0;
}

static Ulong get_mechanism_list(Ulong slot, Ulong *mechanisms, Ulong *count) {
    FILE *file = open_file("mechanisms");
    Ulong mechanism;
    (void)slot;
    CALLED("C_GetMechanismList");
    for (*count = 0; fscanf(file, "%lx", &mechanism) == 1; ++*count)
        if (mechanisms != NULL)
            mechanisms[*count] = mechanism;
    fclose(file);
    return 0;
}

static Ulong get_mechanism_info(Ulong slot, Ulong mechanism, MechanismInfo *info) {
    (void)slot, (void)mechanism;
    CALLED("C_GetMechanismInfo");
    *info = (MechanismInfo){ 2048, 4096, 0x800 };
    return 0;
}

static Ulong open_session(Ulong slot, Ulong flags, void *application, void *notify, Ulong *session) {
    (void)slot, (void)flags, (void)application, (void)notify;
    CALLED("C_OpenSession");
    *session = 100 + __atomic_add_fetch(&sessions, 1, __ATOMIC_SEQ_CST);
    return 0;
}

static Ulong close_session(Ulong session) {
    (void)session;
    CALLED("C_CloseSession");
    if (__atomic_sub_fetch(&sessions, 1, __ATOMIC_SEQ_CST) == 0)
        logged_in = 0;
    return 0;
}

static Ulong get_session_info(Ulong session, SessionInfo *info) {
    (void)session;
    CALLED("C_GetSessionInfo");
    *info = (SessionInfo){ 1, logged_in, 4, 0 };
    return 0;
}

static Ulong login(Ulong session, Ulong user, void *pin, Ulong length) {
    (void)session, (void)user, (void)pin, (void)length;
    CALLED("C_Login");
    if (logged_in)
        return 0x100;
    logged_in = 1;
    return 0;
}

static Ulong logout(Ulong session) {
    (void)session;
    CALLED("C_Logout");
    logged_in = 0;
    return 0;
}

static Ulong find_objects_init(Ulong session, Attribute *template, Ulong count) {
    (void)session, (void)count;
    CALLED("C_FindObjectsInit");
    searched_class = *(Ulong *)template[0].value;
    return 0;
}

static Ulong find_objects(Ulong session, Ulong *objects, Ulong most, Ulong *count) {
    FILE *public_key = open_file("attributes.11");
    (void)session, (void)most;
    CALLED("C_FindObjects");
    *count = 0;
    if (searched_class == 3 && logged_in)
        objects[(*count)++] = 10;
    if (searched_class == 2 && public_key != NULL)
        objects[(*count)++] = 11;
    if (public_key != NULL)
        fclose(public_key);
    searched_class = 0;
    return 0;
}

static Ulong find_objects_final(Ulong session) {
    (void)session;
    CALLED("C_FindObjectsFinal");
    return 0;
}

/* Reads "type value", both in hexadecimal; gives the length of the value, or -1. */
static long attribute(Ulong object, Ulong wanted, unsigned char *value) {
    char name[32], hex[2001];
    Ulong type;
    long length = -1;
    snprintf(name, sizeof name, "attributes.%lu", object);
    FILE *file = open_file(name);
    while (length < 0 && fscanf(file, "%lx %2000s", &type, hex) == 2)
        if (type == wanted)
            for (length = 0; sscanf(hex + 2 * length, "%2hhx", &value[length]) == 1; ++length)
                ;
    fclose(file);
    return length;
}

static Ulong get_attribute_value(Ulong session, Ulong object, Attribute *template, Ulong count) {
    unsigned char value[1000];
    Ulong code = 0, index;
    (void)session;
    CALLED("C_GetAttributeValue");
    for (index = 0; index < count; ++index) {
        long length = attribute(object, template[index].type, value);
        if (length < 0)
            code = 0x12;
        else if (template[index].value != NULL)
            memcpy(template[index].value, value, length);
        template[index].length = length;
    }
    return code;
}

static Ulong sign_init(Ulong session, void *mechanism, Ulong key) {
    (void)session, (void)mechanism;
    CALLED("C_SignInit");
    return logged_in && key == 10 ? 0 : 0x101;
}

static Ulong sign(Ulong session, void *data, Ulong length, unsigned char *signature, Ulong *signature_length) {
    FILE *file = open_file("signature");
    (void)session, (void)data, (void)length;
    CALLED("C_Sign");
    *signature_length = 256;
    Ulong read = signature == NULL ? 256 : fread(signature, 1, 256, file);
    fclose(file);
    return read == 256 ? 0 : 5;
}

static struct {
    unsigned char version[2];
    void *functions[68];
} list = {
    { 2, 40 },
    { [0] = initialize, [1] = finalize, [4] = get_slot_list, [6] = get_token_info, [7] = get_mechanism_list,
      [8] = get_mechanism_info, [12] = open_session, [13] = close_session, [15] = get_session_info, [18] = login,
      [19] = logout, [24] = get_attribute_value, [26] = find_objects_init, [27] = find_objects,
      [28] = find_objects_final, [42] = sign_init, [43] = sign },
};

Ulong C_GetFunctionList(void **result) {
    *result = &list;
    return 0;
}
