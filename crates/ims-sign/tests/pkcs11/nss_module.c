/*
 * NSS softokn wants the folder of its database where the standard says that nothing is (pReserved of
 * CK_C_INITIALIZE_ARGS). This module is softokn with that folder put in, taken from NSS_MODULE_FOLDER.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned long CK_RV;

/* CK_FUNCTION_LIST: a version, then 68 functions. */
typedef struct {
    unsigned char version[2];
    void *functions[68];
} FunctionList;

typedef struct {
    void *mutex_functions[4];
    unsigned long flags;
    void *reserved;
} InitializeArgs;

static FunctionList list;
static CK_RV (*initialize_softokn)(void *);

static CK_RV initialize(InitializeArgs *args) {
    static char parameters[1000];
    InitializeArgs with_folder = *args;
    snprintf(parameters, sizeof parameters,
             "configdir='sql:%s' certPrefix='' keyPrefix='' secmod='secmod.db' flags=", getenv("NSS_MODULE_FOLDER"));
    with_folder.reserved = parameters;
    return initialize_softokn(&with_folder);
}

CK_RV C_GetFunctionList(FunctionList **result) {
    void *library = dlopen(SOFTOKN, RTLD_NOW);
    CK_RV (*get_list)(FunctionList **) = library ? dlsym(library, "C_GetFunctionList") : NULL;
    FunctionList *softokn;
    if (get_list == NULL || get_list(&softokn) != 0)
        return 5;
    list = *softokn;
    initialize_softokn = list.functions[0];
    list.functions[0] = initialize;
    *result = &list;
    return 0;
}
