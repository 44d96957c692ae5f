/* Rust's standard library takes random numbers from ProcessPrng of this library, which Wine has since version 9.
   `cargo xtask test --only windows` builds it for an older Wine. */
#include <windows.h>

/* RtlGenRandom, which advapi32 exports under this name. */
BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG length);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE buffer, SIZE_T length)
{
    return SystemFunction036(buffer, (ULONG)length);
}
